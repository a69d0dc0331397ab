"""Which tier the hardware is, and when it may be interrupted by speech: the tier proposes, the measurement decides.

Law: figures and findings in, one verdict out. The tiers: 1 the hardware cancels its own echo; 2 microphone and
loudspeaker on one clock, or a channel that records what is played; 3 two clocks. 0: it cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.field.calibration.examination import Figures, Setting
from edge_agent.field.calibration.findings import (
    ONE_CLOCK_PPM,
    Finding,
    findings,
    least_reduction_db,
)

FADES_DB = 6.0  # from the first sweep to the last: it was learned, and taken off
TURNED_DOWN_DB = -6.0  # of the room's noise while the loudspeaker plays
_FAINT_DB = -30.0  # an echo so far below what was played, of a board that is known to cancel, is what it leaves
_SPOILS = ("lost sound", "full scale", "distortion")  # what no echo engine mends


@dataclass(frozen=True, slots=True)
class Verdict:
    """tier: 0 to 3.  why: of the tier.  listen: what may end a reply, as `[turn] listen_while_speaking`.
    listen_why, advice: sentences.  fine: no finding is beyond what is allowed."""

    tier: int
    why: str
    listen: str
    listen_why: str
    advice: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def fine(self) -> bool:
        return all(finding.fine for finding in self.findings)


def judge(figures: Figures, setting: Setting) -> Verdict:
    told = findings(figures, setting)
    tier, why = _tier(figures, setting)
    listen, listen_why = _listen(tier, figures, {finding.what for finding in told if not finding.fine})
    return Verdict(tier, why, listen, listen_why, tuple(_advice(tier, figures, setting)), told)


def _tier(figures: Figures, setting: Setting) -> tuple[int, str]:
    canceller = _canceller(figures, setting)
    if canceller:
        return 1, canceller
    if not figures.path.arrives:
        return 0, "the sweep did not arrive, and nothing shows that the hardware has taken it off"
    if figures.reference_ms is not None:
        return 2, "the card records what it plays"
    clock = figures.clocks or figures.path.clock
    if clock is None:
        return (3, "two clocks, as configured") if setting.two_clocks else (2, "one clock, as configured")
    told = f"they differ by {clock.drift_ppm:+.1f} ± {clock.error_ppm:.1f} ppm"
    return (2, told) if abs(clock.drift_ppm) <= ONE_CLOCK_PPM + clock.error_ppm else (3, told)


def _canceller(figures: Figures, setting: Setting) -> str:
    """Why the hardware is thought to cancel; empty where it is not."""
    path, beside = figures.path, figures.noise_beside_db
    if path.arrives and path.fading_db >= FADES_DB:
        return f"the last sweep arrives {path.fading_db:.0f} dB below the first: it was learned, and taken off"
    if path.arrives and path.echo_db > _FAINT_DB:
        return ""
    if beside is not None and beside <= TURNED_DOWN_DB and not figures.microphones[0].empty:
        return f"the sweep is missing, and the room's noise falls by {-beside:.0f} dB while it plays"
    if figures.heard:
        return "the sweep is not in the microphone, and a person heard it"
    if setting.tier == 1 and figures.heard is None and not figures.microphones[0].empty:
        return "the sweep is missing, and the board's profile says so; that the loudspeaker played, nobody confirmed"
    return ""


def _listen(tier: int, figures: Figures, wrong: set[str]) -> tuple[str, str]:
    if tier == 0:
        return "button", "what the microphone hears of a reply is not known"
    if tier == 1:
        return "speech", "the hardware leaves no echo to be taken for a person"
    if spoiled := [what for what in _SPOILS if what in wrong]:
        return "wake", f"{' and '.join(spoiled)}: what is left of the echo may be taken for a person"
    done = figures.reduction
    if done is None:
        return "wake", "the echo engine was not tried"
    least = least_reduction_db(done.most_db)
    told = f"the echo engine takes off {done.clean_db:.0f} dB"
    if done.clean_db < least:
        return "wake", f"{told}, less than the {least:.0f} that it takes"
    return "speech", f"{told}, and {least:.0f} are enough"


def _advice(tier: int, figures: Figures, setting: Setting) -> list[str]:
    """What is not wrong, and still better otherwise."""
    advice = []
    if tier == 1 and setting.engine != "off":
        advice.append(f'[echo] engine = "off" (now "{setting.engine}"): the hardware does it already')
    if setting.tier == 1 and tier > 1:
        advice.append(
            "this board can cancel its own echo and does not: play through its own jack or USB sink, and look at its "
            "firmware (the 16 kHz one, where there is a choice)"
        )
    if setting.tier is not None and tier > setting.tier > 1:
        advice.append(f"the board's profile says tier {setting.tier}; is the loudspeaker another card's?")
    return advice
