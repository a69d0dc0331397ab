"""What a survey draws, and the scenario file that becomes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.local.assistant.language_en import GRAMMAR
from edge_agent.local.faults.fault import parsed
from edge_agent.sim.chance import Choice, LogNormal, LogUniform, Normal, Uniform, Value
from edge_agent.sim.distribution import FACTORS, FAULTS, LONG, SHORT, VOICES, drawn, scenario_seed
from edge_agent.sim.draft import ASKS, BEGINS, CALLS, INTERRUPTS, PROBES, facts_of, scenario_text
from edge_agent.sim.scenario import Press, Scenario, Talk, load
from edge_agent.sim.scenario_sound import VOICE

HERE = ("flite:rms",)
needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


def tell(folder: Path, number: int, **changed: Value) -> Scenario:
    """Scenario `number` of survey 1, with some facts changed."""
    facts = facts_of({**drawn(1, number, HERE), **changed}, number)
    file = folder / f"{number}.toml"
    file.write_text(scenario_text(facts, number, scenario_seed(1, number)))
    return load(file)


def talks(scenario: Scenario) -> dict[str, Talk]:
    return {cue.name: cue for cue in scenario.cues if isinstance(cue, Talk)}


class TestALaw:
    @pytest.mark.parametrize(
        "law", [Uniform(2, 8), LogUniform(2, 8), Normal(4, 3, 2, 8), LogNormal(4, 3, 2, 8)], ids=lambda law: law.words
    )
    def test_stays_within_its_ends_and_varies(self, law: Uniform | LogUniform | Normal | LogNormal) -> None:
        random = np.random.default_rng(1)
        values = [float(law.draw(random)) for _ in range(500)]
        assert min(values) >= 2
        assert max(values) <= 8
        assert len(set(values)) > 100

    def test_of_a_choice_keeps_its_shares(self) -> None:
        random = np.random.default_rng(1)
        values = [Choice({"often": 3, "seldom": 1}).draw(random) for _ in range(2000)]
        assert values.count("often") / 2000 == pytest.approx(0.75, abs=0.04)

    def test_says_what_it_does(self) -> None:
        assert Choice({"often": 3, "seldom": 1}).words == "often 75 %, seldom 25 %"


class TestTheDistribution:
    def test_draws_the_same_scenario_however_many_are_drawn(self) -> None:
        assert drawn(1, 7, HERE) == drawn(1, 7, HERE)
        assert drawn(1, 7, HERE) != drawn(1, 8, HERE)
        assert drawn(1, 7, HERE) != drawn(2, 7, HERE)
        assert scenario_seed(1, 7) != scenario_seed(1, 8)

    def test_gives_every_factor_a_stream_of_its_own(self) -> None:
        one, other = drawn(1, 7, HERE), drawn(1, 7, ("flite:slt",))
        assert one.pop("voice") != other.pop("voice")
        assert one == other

    def test_draws_only_voices_that_are_here(self) -> None:
        here = ("flite:awb", "flite:slt")
        assert {drawn(1, number, here)["voice"] for number in range(1, 40)} == set(here)

    def test_names_each_factor_once_and_says_why(self) -> None:
        names = [factor.name for factor in FACTORS]
        assert len(names) == len(set(names))
        assert all(factor.meaning and factor.why and factor.chance.words for factor in FACTORS)

    @pytest.mark.parametrize("question", [*SHORT, *LONG])
    def test_asks_what_the_assistant_knows(self, question: str) -> None:
        assert question.count("|") == 1
        assert GRAMMAR.parse(question.replace("|", " ")) is not None

    def test_names_voices_and_faults_as_a_scenario_does(self) -> None:
        assert all(VOICE.fullmatch(str(voice)) for voice in VOICES)
        assert all(parsed(str(fault)) for fault in FAULTS if fault != "none")


@needs_flite
class TestAScenarioFile:
    def test_of_anything_drawn_is_one_that_may_be_run(self, tmp_path: Path) -> None:
        for number in range(1, 41):
            scenario = tell(tmp_path, number)
            assert talks(scenario)[PROBES].cue.at_s is not None

    def test_says_what_it_was_drawn_from(self, tmp_path: Path) -> None:
        tell(tmp_path, 3)
        assert f"# rt60_s = {drawn(1, 3, HERE)['rt60_s']}\n" in (tmp_path / "3.toml").read_text()

    def test_has_the_levels_that_follow_from_distance_and_voice(self, tmp_path: Path) -> None:
        near, far = (facts_of({**drawn(1, 3, HERE), "talker_m": m, "voice_db": 60.0}, 3) for m in (0.5, 2.0))
        assert near["level_dbfs"] - far["level_dbfs"] > 3  # a room holds up what 12 dB in the open air would be
        assert near["snr_db"] - far["snr_db"] == pytest.approx(near["level_dbfs"] - far["level_dbfs"], abs=0.2)
        assert far["own_voice_db"] > near["own_voice_db"]

    def test_brings_nearer_whom_the_room_does_not_hold(self, tmp_path: Path) -> None:
        small: dict[str, Value] = {"length_m": 3.2, "width_m": 2.6, "talker_m": 4.0, "background_m": 4.0}
        facts = facts_of({**drawn(1, 3, HERE), **small}, 3)
        assert facts["talker_m"] < 4.0
        assert tell(tmp_path, 3, **small).room.talker_m == facts["talker_m"]

    def test_lets_one_who_hesitates_stop_for_as_long_as_drawn(self, tmp_path: Path) -> None:
        scenario = tell(tmp_path, 3, opening="pause", hesitates="yes", pause_s=0.9, gap_s=0.5)
        said = talks(scenario)
        assert said[CALLS].text == "hey jarvis"
        begun, rest = said[BEGINS], said[ASKS]
        assert begun.cue.at_s is not None
        assert rest.cue.at_s is not None
        assert rest.cue.at_s - begun.cue.at_s > 0.9

    def test_interrupts_a_long_answer_when_it_sounds(self, tmp_path: Path) -> None:
        scenario = tell(tmp_path, 3, opening="press", hesitates="no", then="interrupts", interrupt_s=2.0)
        said = talks(scenario)
        assert (said[INTERRUPTS].cue.after, said[INTERRUPTS].cue.delay_s) == ("first_sample", 2.0)
        assert said[ASKS].text in [question.replace("|", " ") for question in LONG]
        assert isinstance(scenario.cues[0], Press)

    def test_is_quiet_before_the_last_question(self, tmp_path: Path) -> None:
        scenario = tell(tmp_path, 3, background="tv")
        (television,) = scenario.backgrounds
        last = talks(scenario)[PROBES].cue.at_s
        assert television.for_s is not None
        assert last is not None
        assert television.for_s < last - 2

    def test_carries_the_fault_that_was_drawn(self, tmp_path: Path) -> None:
        tell(tmp_path, 3, fault="offline,for_s=3")
        assert 'fault = "offline"\nfor_s = 3\n' in (tmp_path / "3.toml").read_text()
