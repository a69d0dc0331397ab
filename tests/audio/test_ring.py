"""The ring of blocks: order, loss, waking up once there are enough."""

from __future__ import annotations

import threading

import pytest

from edge_agent.audio.ring import Ring


def fill(ring: Ring[int], count: int) -> None:
    for number in range(count):
        ring.put(number)


def filled(capacity: int, count: int) -> Ring[int]:
    ring = Ring[int](capacity)
    fill(ring, count)
    return ring


class TestTheRing:
    def test_hands_blocks_over_in_order_and_once(self) -> None:
        ring = filled(4, 3)
        assert len(ring) == 3
        assert ring.take(1, 0) == [0, 1, 2]
        assert ring.take(1, 0) == []
        assert ring.dropped == 0

    def test_drops_the_oldest_block_when_it_is_full_and_counts_it(self) -> None:
        ring = filled(3, 8)
        assert ring.dropped == 5
        assert ring.take(1, 0) == [5, 6, 7]

    def test_gives_nothing_when_nothing_comes(self) -> None:
        assert Ring[int](3).take(1, 0.001) == []

    def test_gives_what_there_is_when_no_more_comes_in_time(self) -> None:
        assert filled(8, 2).take(5, 0.001) == [0, 1]

    @pytest.mark.parametrize("at_least", [1, 4])
    def test_wakes_the_consumer_when_there_are_enough(self, at_least: int) -> None:
        ring = Ring[int](8)
        producer = threading.Timer(0.01, fill, (ring, at_least))
        producer.start()
        found = ring.take(at_least, 10)
        producer.join()
        assert found == list(range(at_least))

    def test_never_waits_for_more_than_it_holds(self) -> None:
        assert filled(3, 3).take(50, 10) == [0, 1, 2]

    def test_needs_room(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            Ring[int](0)


class TestClosing:
    def test_wakes_the_consumer(self) -> None:
        ring = Ring[int](3)
        closer = threading.Timer(0.01, ring.close)
        closer.start()
        assert ring.take(1, 10) == []
        closer.join()

    def test_leaves_what_is_there_to_the_consumer(self) -> None:
        ring = filled(3, 2)
        ring.close()
        assert ring.take(3, 10) == [0, 1]

    def test_takes_nothing_more_and_may_be_repeated(self) -> None:
        ring = Ring[int](3)
        ring.close()
        ring.close()
        ring.put(1)
        assert ring.take(1, 0) == []


class TestTwoThreads:
    def test_lose_and_reorder_nothing_they_have_not_counted(self) -> None:
        ring = Ring[int](16)
        found: list[int] = []

        def consume() -> None:
            while blocks := ring.take(4, 1):
                found.extend(blocks)

        consumer = threading.Thread(target=consume)
        consumer.start()
        for number in range(2000):
            ring.put(number)
        ring.close()
        consumer.join()
        assert found == sorted(found)
        assert len(found) + ring.dropped == 2000
