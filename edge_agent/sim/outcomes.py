"""What became of one drawn scenario: for each thing that matters whether it went well, and by whose doing.

Law: it judges recordings, the socket's log and the true times of what was said, as the checks of `verdict.py` do, and
counts each thing once a scenario: it failed if it failed anywhere in it; None where the scenario had no occasion for
it. What depends on another thing (nobody is understood whom nothing woke) is judged only where that went well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from edge_agent.local.assistant.language_en import GRAMMAR
from edge_agent.sim.check_interruption import AUDIBLE_MS, BEFORE_MS, CAUSE_MS, SPEECH_MARGIN_MS
from edge_agent.sim.check_privacy import bytes_before_wake, bytes_while_muted, nothing_between_turns
from edge_agent.sim.draft import ASKS, BEGINS, CALL, FOLLOWS, INTERRUPTS, MUTED, PROBES
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.finding import Missing, clock
from edge_agent.sim.loudness import audible_ms, silent_from, speech_from
from edge_agent.sim.outcome_kinds import Outcome
from edge_agent.sim.story import Floor, Said, Span, Story

WAKE_LATE_MS = 1000  # a wake word counts for a call that ended so long ago
ANSWER_MS = 6000  # beyond the server's own thinking: a person has given up
END_MS = 2500  # after the last word: three times the silence that ends a sentence
NOTICE_MS = 1500  # an interruption that has not stopped the reply by then was not noticed
NEAR_MS = 500  # a turn that begins so near to somebody's words is about them
TALKS = ("tv",)  # backgrounds that a device may take for a person
LONGEST_MS = {"listening": 32_000, "ending": 5_000, "thinking": 19_000}  # no phase lasts longer unless it hangs
AT_REST = ("idle", "follow_up")


_NONE, _WELL = Outcome(None), Outcome(True)


def outcomes(evidence: Evidence, background: str, model_ms: float) -> dict[str, Outcome]:
    """By key of KINDS. background: of the drawn facts."""
    cut = _cut_off(evidence)
    heard = list(_heard_out(evidence)) if cut.good is not False else []
    return {
        "private": _private(evidence),
        "not_stuck": _stuck(evidence, model_ms),
        "woke": _woke(evidence),
        "no_false_wake": _false_wake(evidence),
        "noticed": _noticed(evidence),
        "not_cut_off": cut,
        "end_noticed": _end_noticed(evidence),
        "understood": _understood(evidence, heard),
        "answered": _answered(evidence, heard, model_ms),
        "interruption_noticed": _interrupted(evidence),
        "press_stops": _pressed(evidence),
        "not_self_interrupted": _NONE if background in TALKS else _undisturbed(evidence, "it stopped its own reply"),
        "not_distracted": _undisturbed(evidence, f"the {background} stopped a reply") if background in TALKS else _NONE,
        "people_only": _people_only(evidence),
    }


def times(evidence: Evidence) -> dict[str, int]:
    """ms, by key of TIMES; those that there was no occasion for are not in it."""
    story, found = evidence.story, {}
    asked = _said(story, ASKS)
    turn = story.turn_of(asked) if asked else None
    if asked and turn is not None:
        start = speech_from(evidence.air_levels, asked.span.end_ms, evidence.duration_ms)
        reply = story.reply_in(turn)
        if start is not None and reply is not None and start < reply.span.end_ms:
            found["answer_ms"] = start - asked.span.end_ms
        wake, byte = story.first("wake", turn=turn), story.first("append", turn=turn)
        if wake and byte:
            found["first_byte_ms"] = byte.t_ms - wake.t_ms
    interruption = _said(story, INTERRUPTS)
    if interruption and _interrupted(evidence).good:
        onset = interruption.span.start_ms
        ducks = [h.t_ms for h in story.of("duck", "barge_in", from_ms=onset) if h.t_ms < onset + NOTICE_MS]
        found |= {"duck_ms": ducks[0] - onset} if ducks else {}
        silent = silent_from(evidence.air_levels, onset, onset + NOTICE_MS)
        found |= {"silence_ms": silent - onset} if silent is not None else {}
    return found


def _said(story: Story, role: str) -> Said | None:
    return next((said for said in _intended(story) if said.name == role), None)


def _intended(story: Story) -> Iterator[Said]:
    """What was said as the story has it: not what waited for a reply that never came, and was then said to the last."""
    for said in story.said:
        yield said
        if said.name == PROBES:
            return


def _private(evidence: Evidence) -> Outcome:
    early, muted = bytes_before_wake(evidence), bytes_while_muted(evidence)
    if early or muted:
        return Outcome(False, f"{early} bytes of sound left before the first call, {muted} while it was muted")
    try:
        found = nothing_between_turns(evidence)
    except Missing:
        return _WELL  # not one byte crossed the socket in the whole run
    return Outcome(found.passed, "" if found.passed else found.why, found.at_ms)


def _stuck(evidence: Evidence, model_ms: float) -> Outcome:
    story = evidence.story
    states = story.of("state")
    for state, after in zip(states, [*(h.t_ms for h in states[1:]), story.end_ms], strict=True):
        phase = str(state.data.get("phase"))
        if after - state.t_ms > LONGEST_MS.get(phase, story.end_ms):
            return Outcome(False, f"it was {phase} for {(after - state.t_ms) / 1000:.0f} s", state.t_ms)
    probe = _said(story, PROBES)
    presses = story.of("press")
    if probe is None or not presses:
        return _NONE
    before = [state for state in states if state.t_ms < presses[-1].t_ms]
    if not before or before[-1].data.get("phase") not in AT_REST:
        return _NONE  # busy with something else: the press has ended that
    opened = story.of("listening", from_ms=presses[-1].t_ms)
    if not opened:
        return Outcome(False, f"the last press, at {clock(presses[-1].t_ms)}, opened no turn", presses[-1].t_ms)
    if not story.of("commit", turn=opened[0].turn):
        return _WELL  # it listened, and heard no speech: that is not being stuck
    until = probe.span.end_ms + model_ms + ANSWER_MS
    if speech_from(evidence.air_levels, probe.span.end_ms, until) is None:
        return Outcome(False, f"nobody answered the last question, at {clock(probe.span.start_ms)}", presses[-1].t_ms)
    return _WELL


def _woke(evidence: Evidence) -> Outcome:
    calls = [said for said in _intended(evidence.story) if _calls(said) and said.name != MUTED]
    for said in calls:
        if not any(said.span.start_ms <= h.t_ms <= said.span.end_ms + WAKE_LATE_MS for h in evidence.story.of("wake")):
            return Outcome(False, f'"{said.text}" did not wake it', said.span.start_ms)
    return _WELL if calls else _NONE


def _false_wake(evidence: Evidence) -> Outcome:
    calls = [said for said in evidence.story.said if _calls(said)]
    for wake in evidence.story.of("wake"):
        if not any(said.span.start_ms <= wake.t_ms <= said.span.end_ms + WAKE_LATE_MS for said in calls):
            return Outcome(False, f"it woke at {clock(wake.t_ms)}, and nobody had called", wake.t_ms)
    return _WELL


def _calls(said: Said) -> bool:
    return said.text.startswith(CALL)


def _cut_off(evidence: Evidence) -> Outcome:
    """Whether the end of the question was decided in its pause."""
    first, rest = _said(evidence.story, BEGINS), _said(evidence.story, ASKS)
    if first is None or rest is None or evidence.story.turn_of(first) is None:
        return _NONE
    ends = [h for h in evidence.story.of("speech_ended", from_ms=first.span.end_ms) if h.t_ms < rest.span.start_ms]
    if not ends:
        return _WELL
    pause = rest.span.start_ms - first.span.end_ms
    return Outcome(False, f"a pause of {pause} ms ended the question", first.span.end_ms)


def _asked(story: Story, roles: Collection[str] = (ASKS, INTERRUPTS, FOLLOWS)) -> Iterator[tuple[Said, Floor]]:
    """Every question with the turn that listened to it."""
    floors = {floor.turn: floor for floor in story.floors}
    for said in _intended(story):
        turn = story.turn_of(said) if said.name in roles else None
        if turn is not None:
            yield said, floors[turn]


def _is_noticed(story: Story, floor: Floor) -> bool:
    return bool(story.of("commit", turn=floor.turn))


def _heard_out(evidence: Evidence) -> Iterator[tuple[Said, Floor]]:
    """The questions that were noticed, and whose end was."""
    for said, floor in _asked(evidence.story):
        if _is_noticed(evidence.story, floor) and floor.span.end_ms <= said.span.end_ms + END_MS:
            yield said, floor


def _noticed(evidence: Evidence) -> Outcome:
    asked = list(_asked(evidence.story, (ASKS, INTERRUPTS, FOLLOWS, PROBES)))
    for said, floor in asked:
        if not _is_noticed(evidence.story, floor):
            return Outcome(False, f'"{said.text}" was not noticed as speech', said.span.start_ms)
    return _WELL if asked else _NONE


def _end_noticed(evidence: Evidence) -> Outcome:
    noticed = [(said, floor) for said, floor in _asked(evidence.story) if _is_noticed(evidence.story, floor)]
    for said, floor in noticed:
        late_ms = floor.span.end_ms - said.span.end_ms
        if late_ms > END_MS:
            why = f'it went on listening for {late_ms / 1000:.1f} s after the end of "{said.text}"'
            return Outcome(False, why, said.span.end_ms)
    return _WELL if noticed else _NONE


def _understood(evidence: Evidence, heard: Sequence[tuple[Said, Floor]]) -> Outcome:
    story, judged = evidence.story, False
    for said, floor in heard:
        begun = _said(story, BEGINS)
        whole = f"{begun.text} {said.text}" if begun and said.name == ASKS else said.text
        captions = [h.data.get("text") for h in story.of("caption", turn=floor.turn) if h.data.get("role") == "user"]
        if not captions and story.reply_in(floor.turn) is None:
            continue  # it never reached the server, which is another matter
        taken = str(captions[-1]) if captions else ""
        if GRAMMAR.parse(whole.removeprefix(CALL)) != GRAMMAR.parse(taken):
            what = f'understood as "{taken}"' if taken else "answered, and not a word of it understood"
            return Outcome(False, f'"{whole}" was {what}', said.span.start_ms)
        judged = True
    return _WELL if judged else _NONE


def _answered(evidence: Evidence, heard: Sequence[tuple[Said, Floor]], model_ms: float) -> Outcome:
    for said, _ in heard:
        until = said.span.end_ms + model_ms + ANSWER_MS
        if speech_from(evidence.air_levels, said.span.end_ms, until) is None:
            return Outcome(False, f'"{said.text}" was heard and not answered in time', said.span.end_ms)
    return _WELL if heard else _NONE


def _interrupted(evidence: Evidence) -> Outcome:
    said = _said(evidence.story, INTERRUPTS)
    return _NONE if said is None else _stopped(evidence, said.span.start_ms, NOTICE_MS, f'"{said.text}"')


def _pressed(evidence: Evidence) -> Outcome:
    for press in evidence.story.of("press"):
        found = _stopped(evidence, press.t_ms, 500, "a press")
        if found.good is not None:
            return found
    return _NONE


def _stopped(evidence: Evidence, onset_ms: int, within_ms: int, what: str) -> Outcome:
    reply = evidence.story.reply_at(onset_ms)
    if reply is None or audible_ms(evidence.air_levels, onset_ms - BEFORE_MS, onset_ms) < AUDIBLE_MS:
        return _NONE  # nothing to stop
    if reply.ended == "drained" and reply.span.end_ms < onset_ms + within_ms:
        return _NONE  # it was over by itself
    if reply.ended == "flushed" and reply.span.end_ms <= onset_ms + within_ms:
        return _WELL
    return Outcome(False, f"the reply went on for over {within_ms} ms after {what} at {clock(onset_ms)}", onset_ms)


def _undisturbed(evidence: Evidence, what: str) -> Outcome:
    """Whether every reply that nobody stopped went on to its end."""
    story = evidence.story
    causes = [Span(h.t_ms, h.t_ms + CAUSE_MS) for h in story.of("press", "stop_word", "mute", "fault", "drop", "wake")]
    causes += [Span(said.span.start_ms, said.span.end_ms + SPEECH_MARGIN_MS) for said in story.said]
    for reply in story.replies:
        end = reply.span.end_ms
        if reply.ended == "flushed" and not any(cause.touches(end, end + 1, NEAR_MS) for cause in causes):
            return Outcome(False, f"{what} at {clock(end)}", end)
    return _WELL if story.replies else _NONE


def _people_only(evidence: Evidence) -> Outcome:
    story = evidence.story
    for floor in story.floors:
        if floor.by in ("follow_up", "interruption", "continued") and not _of_a_person(story, floor):
            opened = floor.opened_ms
            return Outcome(False, f"it listened at {clock(opened)} ({floor.by}), and nobody spoke", opened)
    return _WELL if story.floors else _NONE


def _of_a_person(story: Story, floor: Floor) -> bool:
    return any(said.span.touches(floor.span.start_ms, floor.opened_ms + 1, NEAR_MS) for said in story.said)
