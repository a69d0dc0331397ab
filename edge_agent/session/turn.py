"""What the session knows of the turn that has the floor: what was captured, what is owed.

Law: a record; who changes it is `conversation.py` and `replies.py`. There is one at a time, the newest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_agent.session.turn_speech import TurnSpeech


@dataclass(slots=True)
class Turn:
    """open: speech is being captured.  committed: the sentence is over (by us or by the provider).
    asked: instructions for a reply without speech.  owed: a reply is due, or more of it (tools).
    held: the reply must wait: the sentence may go on.  heard: some of the reply has arrived.
    answers: what came of a held reply, by item: its words, if it has any.
    item_id: the provider's name for the speech, once it told.  acted: tools have run for it.
    resends: connections that broke while the reply was due.  calls: tools of the last response; True once answered.
    """

    number: int
    speech: TurnSpeech
    open: bool = True
    committed: bool = False
    asked: str | None = None
    owed: bool = False
    held: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    heard: bool = False
    item_id: str = ""
    acted: bool = False
    resends: int = 0
    calls: dict[str, bool] = field(default_factory=dict)

    def answered(self) -> bool:
        """No tool is being waited for."""
        return all(self.calls.values())

    def go_on_from(self, before: Turn) -> None:
        """The person goes on with a sentence that no session has: it comes in front of what this turn adds."""
        if before.committed and (before.owed or before.held):
            self.speech, before.speech = before.speech, self.speech
            self.item_id, self.resends = before.item_id, before.resends

    def keeps(self, item_id: str, words: str = "") -> bool:
        """Whether this piece of the reply is held; then it is remembered, with its words so far."""
        if self.held and item_id:
            self.answers[item_id] = words or self.answers.get(item_id, "")
        return self.held

    def arrived(self) -> None:
        """Some of the reply is there: what was said is kept no longer, unless it may yet have to be said again."""
        self.heard = True
        if not self.held:
            self.speech.clear()

    def answered_in_full(self) -> None:
        """Nothing more will come."""
        if self.held:
            self.owed = False
            self.calls.clear()
        else:
            self.over()

    def reopen(self) -> None:
        """The sentence was not over: it is being captured again, after what there is of it."""
        self.open = True
        self.committed = self.owed = self.held = self.heard = self.acted = False
        self.item_id = ""
        self.calls.clear()
        self.answers.clear()

    def release(self) -> list[str]:
        """The sentence was whole: its reply may be heard. Returns what has been said of it so far, item by item."""
        words = [said for said in self.answers.values() if said]
        self.held = False
        self.answers.clear()
        if self.heard or not self.owed:
            self.speech.clear()
        return words

    def over(self) -> None:
        """Nothing is captured and nothing owed any more, and what was said is not kept."""
        self.open = self.owed = self.held = False
        self.calls.clear()
        self.speech.clear()
