"""A letter to ourselves tells whether the loop still takes what is posted to it, and how late it is."""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.system.health import VITAL
from edge_agent.system.mailbox_watch import EVERY_S, PART, MailboxWatch


class Post:
    """A mailbox that is emptied by hand.  beats: what arrived in `Health`."""

    def __init__(self) -> None:
        self.letters: list[Callable[[], None]] = []
        self.beats: list[tuple[str, float]] = []
        self.watch = MailboxWatch(self.letters.append, lambda part, at: self.beats.append((part, at)))

    def empty(self) -> None:
        while self.letters:
            self.letters.pop(0)()


class TestALetter:
    def test_that_arrives_is_a_beat_of_a_vital_part(self) -> None:
        post = Post()
        post.watch.look(100.0)
        assert post.beats == []
        post.empty()
        assert post.beats == [(PART, 100.0)]
        assert PART in VITAL

    def test_that_is_late_counts_from_when_it_was_sent(self) -> None:
        """Or a mailbox that is a minute behind would beat as regularly as one that is not."""
        post = Post()
        post.watch.look(100.0)
        post.watch.look(160.0)
        post.empty()
        assert post.beats == [(PART, 100.0)]

    def test_is_under_way_alone(self) -> None:
        """A mailbox that does not drain is not filled up by its own watch."""
        post = Post()
        for tick in range(1000):
            post.watch.look(100.0 + tick)
        assert len(post.letters) == 1

    def test_is_sent_now_and_then(self) -> None:
        post = Post()
        for block in range(300):
            post.watch.look(block / 100)
            post.empty()
        assert len(post.beats) == round(3.0 / EVERY_S)
