"""The ring of pairs: order, loss, waking up."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from edge_agent.audio.format import DuplexBlock
from edge_agent.audio.ring import PairRing


def pair(index: int) -> DuplexBlock:
    return DuplexBlock(index, np.zeros((1, 160), np.float32), np.zeros(160, np.float32))


def drain(ring: PairRing) -> list[int]:
    found = []
    while (block := ring.get(0)) is not None:
        found.append(block.index)
    return found


class TestTheRing:
    def test_hands_pairs_over_in_order(self) -> None:
        ring = PairRing(4)
        for index in range(3):
            ring.put(pair(index))
        assert len(ring) == 3
        assert drain(ring) == [0, 1, 2]
        assert ring.dropped == 0

    def test_drops_the_oldest_whole_pair_when_it_is_full_and_counts_it(self) -> None:
        ring = PairRing(3)
        for index in range(8):
            ring.put(pair(index))
        assert ring.dropped == 5
        assert drain(ring) == [5, 6, 7]

    def test_gives_nothing_when_nothing_comes(self) -> None:
        assert PairRing(3).get(0.001) is None

    def test_wakes_the_consumer_when_a_pair_comes(self) -> None:
        ring = PairRing(3)
        producer = threading.Timer(0.01, ring.put, (pair(7),))
        producer.start()
        found = ring.get(10)
        producer.join()
        assert found is not None
        assert found.index == 7

    def test_needs_room(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            PairRing(0)


class TestClosing:
    def test_wakes_the_consumer(self) -> None:
        ring = PairRing(3)
        closer = threading.Timer(0.01, ring.close)
        closer.start()
        assert ring.get(10) is None
        closer.join()

    def test_lets_the_consumer_finish_but_takes_nothing_more(self) -> None:
        ring = PairRing(3)
        ring.put(pair(1))
        ring.close()
        ring.close()
        ring.put(pair(2))
        assert drain(ring) == [1]


class TestTwoThreads:
    def test_lose_no_pair_that_was_not_counted(self) -> None:
        ring = PairRing(16)
        total = 5000

        def produce() -> None:
            for index in range(total):
                ring.put(pair(index))
            ring.close()

        producer = threading.Thread(target=produce)
        producer.start()
        found = []
        while (block := ring.get(5)) is not None:
            found.append(block.index)
        producer.join()
        assert found == sorted(set(found))
        assert len(found) + ring.dropped == total
