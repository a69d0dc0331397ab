"""The state chart, drawn from the table itself: each transition is tried from turns that differ in what decides it.

Law: pure; it describes `grid.TABLE`, it never restates it. `python -m edge_agent.dialogue.chart` prints it.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

from edge_agent.dialogue import events as ev
from edge_agent.dialogue.grid import TABLE
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Phase, Turn

LATE = 1e6  # seconds: every deadline has passed

EXAMPLES: dict[type[ev.Event], tuple[ev.Event, ...]] = {
    ev.Started: (ev.Started(),),
    ev.Tick: (ev.Tick(),),
    ev.WakeDetected: (ev.WakeDetected("hey_jarvis", 0.9, 5),),
    ev.StopWordHeard: (ev.StopWordHeard("stop", 0.9),),
    ev.SpeechStarted: (ev.SpeechStarted(5),),
    ev.SpeechPaused: (ev.SpeechPaused(5),),
    ev.SpeechResumed: (ev.SpeechResumed(),),
    ev.SpeechEnded: (ev.SpeechEnded(900),),
    ev.NearEndSuspected: (ev.NearEndSuspected(),),
    ev.NearEndSpeaks: (ev.NearEndSpeaks(),),
    ev.PersonWaits: (ev.PersonWaits(),),
    ev.NearEndConfirmed: (ev.NearEndConfirmed(5),),
    ev.NearEndDismissed: (ev.NearEndDismissed(),),
    ev.EchoMeasured: (ev.EchoMeasured(20.0),),
    ev.PlaybackStarted: (ev.PlaybackStarted(1),),
    ev.PlaybackDrained: (ev.PlaybackDrained(1),),
    ev.PlaybackFlushed: (ev.PlaybackFlushed(1, ()),),
    ev.LinkReady: (ev.LinkReady(),),
    ev.LinkLost: (ev.LinkLost("gone"), ev.LinkLost("refused", fatal=True)),
    ev.ServerEndedSpeech: (ev.ServerEndedSpeech(1),),
    ev.ReplyAudio: (ev.ReplyAudio(1, 100),),
    ev.ToolRequested: (ev.ToolRequested(1, "call", "set_volume", {}),),
    ev.ToolFinished: (ev.ToolFinished(1, "call", "ok"),),
    ev.ResponseFinished: tuple(
        ev.ResponseFinished(1, status)
        for status in ("completed", "cancelled", "incomplete", "failed", "lost", "tool_calls")
    ),
    ev.ButtonPressed: (ev.ButtonPressed(5),),
    ev.MuteChanged: (ev.MuteChanged(True), ev.MuteChanged(False)),
    ev.SoundLost: (ev.SoundLost(),),
    ev.SoundBack: (ev.SoundBack(),),
    ev.AlarmDue: (ev.AlarmDue("timer-1"),),
    ev.AlarmGone: (ev.AlarmGone("timer-1"),),
    ev.PhraseSaid: (ev.PhraseSaid("moment"),),
}


def variants(phase: Phase) -> list[Turn]:
    """Turns in `phase` that differ in everything a transition looks at; their deadlines have passed at LATE."""
    facts = itertools.product((False, True), (frozenset[str](), frozenset({"call"})))
    return [Turn(phase, 1, spoke=spoke, owed=True, calls=calls, deadline=1.0) for spoke, calls in facts]


def transitions() -> dict[tuple[Phase, Phase], list[str]]:
    """(from, to) -> the names of the events that lead there; staying where one is is left out."""
    found: dict[tuple[Phase, Phase], list[str]] = {}
    for phase, row in TABLE.items():
        for kind, transition in row.items():
            for turn, event, detects in itertools.product(variants(phase), EXAMPLES[kind], (False, True)):
                after, _ = transition(replace(turn), Policy(provider_detects=detects), event, LATE)
                names = found.setdefault((phase, after.phase), [])
                if kind.__name__ not in names:
                    names.append(kind.__name__)
    return {edge: names for edge, names in found.items() if edge[0] is not edge[1]}


def chart() -> str:
    """A Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> idle"]
    for (source, target), names in transitions().items():
        lines.append(f"    {source.value} --> {target.value}: {', '.join(names)}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(chart())
