"""Alive is what beats: the watchdog is fed only then."""

from __future__ import annotations

import pytest

from edge_agent.system.health import VITAL, Health


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Dog:
    """What the service manager was told."""

    def __init__(self) -> None:
        self.fed = 0
        self.told: list[str] = []

    def watchdog(self) -> None:
        self.fed += 1

    def status(self, text: str) -> None:
        self.told.append(text)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    health = Health(clock, stalled_s=5.0, start_s=60.0)
    for part in VITAL:
        health.beat(part)
    return health


class TestAVitalPart:
    def test_that_beats_is_alive(self, health: Health, clock: Clock) -> None:
        for _ in range(100):
            clock.now += 4.9
            for part in VITAL:
                health.beat(part)
            assert health.alive()

    @pytest.mark.parametrize("silent", VITAL)
    def test_that_falls_silent_ends_it_for_all(self, health: Health, clock: Clock, silent: str) -> None:
        clock.now += 5.1
        for part in set(VITAL) - {silent}:
            health.beat(part)
        assert not health.alive()
        assert list(health.stalled()) == [silent]
        assert health.stalled()[silent] == pytest.approx(5.1)

    def test_that_beats_again_is_alive_again(self, health: Health, clock: Clock) -> None:
        clock.now += 30
        assert not health.alive()
        for part in VITAL:
            health.beat(part)
        assert health.alive()

    def test_may_take_its_time_to_start(self, clock: Clock) -> None:
        health = Health(clock, ["duplex"], stalled_s=5.0, start_s=60.0)
        clock.now += 59
        assert health.alive()
        clock.now += 2
        assert not health.alive()

    def test_can_be_judged_at_a_time_read_before(self, health: Health) -> None:
        health.beat("loop", 1004.0)
        assert health.alive(1004.9)
        assert set(health.stalled(1008.0)) == set(VITAL) - {"loop"}

    def test_must_have_been_announced(self, health: Health) -> None:
        with pytest.raises(KeyError):
            health.beat("lights")


class TestTheWatchdog:
    def test_is_fed_while_everything_beats(self, health: Health) -> None:
        dog = Dog()
        assert health.feed(dog)
        assert (dog.fed, dog.told) == (1, [])

    def test_goes_hungry_and_is_told_who_is_silent(self, health: Health, clock: Clock) -> None:
        dog = Dog()
        clock.now += 6
        health.beat("loop")
        health.beat("mailbox")
        assert not health.feed(dog)
        assert (dog.fed, dog.told) == (0, ["stalled: duplex for 6 s, hearing for 6 s"])

    def test_is_fed_as_soon_as_a_stall_is_over_and_that_is_told(self, health: Health, clock: Clock) -> None:
        dog = Dog()
        clock.now += 6
        assert not health.feed(dog)
        for part in VITAL:
            health.beat(part)
        assert health.feed(dog)
        assert (dog.fed, dog.told[-1]) == (1, "goes on after a stall")


class TestAnOptionalPart:
    def test_fails_without_harm(self, health: Health) -> None:
        health.failed("lights", "the SPI bus is gone")
        assert health.alive()
        assert health.report()["optional"]["lights"] == {
            "ok": False,
            "failures": 1,
            "reason": "the SPI bus is gone",
            "for_s": 0.0,
        }

    def test_that_recovers_keeps_its_record(self, health: Health, clock: Clock) -> None:
        health.failed("lights", "gone")
        health.failed("lights", "gone again")
        clock.now += 3
        health.recovered("lights")
        clock.now += 2
        lights = health.report()["optional"]["lights"]
        assert lights == {"ok": True, "failures": 2, "reason": "gone again", "for_s": 2.0}


class TestTheReport:
    def test_tells_each_part(self, health: Health, clock: Clock) -> None:
        clock.now += 6
        health.beat("loop")
        clock.now += 0.5
        report = health.report()
        assert report["alive"] is False
        assert report["uptime_s"] == 6.5
        assert report["vital"]["loop"] == {"beating": True, "beats": 2, "age_s": 0.5}
        assert report["vital"]["duplex"] == {"beating": False, "beats": 1, "age_s": 6.5}

    def test_of_a_part_that_has_not_begun_has_no_age(self, clock: Clock) -> None:
        health = Health(clock, ["hearing"])
        assert health.report()["vital"]["hearing"] == {"beating": False, "beats": 0, "age_s": None}
