"""What is due when, whatever happens to the clocks and to the process."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge_agent.dialogue.events import AlarmDue, AlarmGone
from edge_agent.timers.clockwork import MOST
from edge_agent.timers.entry import TimerError
from tests.timers.clocks import Clocks


class TestATimer:
    def test_is_due_when_it_has_run_down_and_not_before(self) -> None:
        clocks = Clocks()
        timer = clocks.clockwork.set_timer(180)
        assert clocks.wait(179.9) == ()
        assert clocks.wait(0.1) == (AlarmDue(timer.id),)

    def test_is_told_once(self) -> None:
        clocks = Clocks()
        clocks.clockwork.set_timer(3)
        clocks.wait(3)
        assert [clocks.wait(1) for _ in range(5)] == [()] * 5

    def test_stays_until_its_ring_has_ended(self) -> None:
        clocks = Clocks()
        timer = clocks.clockwork.set_timer(3)
        clocks.wait(3)
        assert clocks.clockwork.rings(timer)
        assert len(clocks.clockwork.entries()) == 1
        clocks.clockwork.ended([timer.id])
        assert clocks.clockwork.entries() == []

    @pytest.mark.parametrize("clock", ["2026-11-21 03:00:00", "2030-01-01 00:00:00"])
    def test_is_not_shifted_by_setting_the_wall_clock(self, clock: str) -> None:
        clocks = Clocks()
        timer = clocks.clockwork.set_timer(180)
        assert clocks.set_to(clock) == ()
        assert clocks.wait(178.9) == ()
        assert clocks.wait(0.1) == (AlarmDue(timer.id),)

    def test_tells_its_time_by_the_clock_as_it_is_now(self) -> None:
        clocks = Clocks()
        clocks.clockwork.set_timer(180)
        clocks.set_to("2026-11-22 08:00:00")
        assert clocks.due() == ["2026-11-22 08:03:00"]

    def test_beside_others_is_due_in_its_order(self) -> None:
        clocks = Clocks()
        later, sooner = clocks.clockwork.set_timer(9), clocks.clockwork.set_timer(8)
        assert clocks.wait(10) == (AlarmDue(sooner.id), AlarmDue(later.id))

    def test_takes_the_smallest_free_number(self) -> None:
        clocks = Clocks()
        names = [clocks.clockwork.set_timer(60).id for _ in range(3)]
        clocks.clockwork.cancel(names[1])
        assert [*names, clocks.clockwork.set_timer(60).id] == ["timer-1", "timer-2", "timer-3", "timer-2"]

    def test_number_thirty_three_is_refused(self) -> None:
        clocks = Clocks()
        for _ in range(MOST):
            clocks.clockwork.set_timer(60)
        with pytest.raises(TimerError, match="32 timers and alarms already"):
            clocks.clockwork.set_timer(60)


class TestAnAlarm:
    def test_is_for_the_next_time_it_is_so_late(self) -> None:
        clocks = Clocks("2026-11-21 12:30:00")
        clocks.clockwork.set_alarm("12:31")
        clocks.clockwork.set_alarm("7:00")
        clocks.clockwork.set_alarm("12:30")
        assert clocks.due() == ["2026-11-21 12:31:00", "2026-11-22 07:00:00", "2026-11-22 12:30:00"]

    def test_may_be_for_a_date(self) -> None:
        clocks = Clocks()
        clocks.clockwork.set_alarm("06:15", day="2026-12-24")
        assert clocks.due() == ["2026-12-24 06:15:00"]

    @pytest.mark.parametrize(
        ("clock", "day", "why"),
        [
            ("25:00", "", "found '25:00', expected HH:MM"),
            ("seven", "", "expected HH:MM"),
            ("07:00", "tomorrow", "found 'tomorrow', expected YYYY-MM-DD"),
            ("07:00", "2026-11-21", "2026-11-21 07:00 is over; it is 2026-11-21 12:30 now"),
            ("07:00", "2026-02-30", "expected YYYY-MM-DD"),
        ],
    )
    def test_that_cannot_be_is_refused(self, clock: str, day: str, why: str) -> None:
        with pytest.raises(TimerError, match=why):
            Clocks().clockwork.set_alarm(clock, day=day)

    def test_follows_the_wall_clock(self) -> None:
        clocks = Clocks()
        alarm = clocks.clockwork.set_alarm("18:00")
        assert clocks.set_to("2026-11-21 18:00:00") == (AlarmDue(alarm.id),)

    def test_is_noticed_within_a_second(self) -> None:
        clocks = Clocks("2026-11-21 12:29:00")
        alarm = clocks.clockwork.set_alarm("12:30")
        asked = [clocks.wait(0.1) for _ in range(615)]
        first = next(n for n, events in enumerate(asked) if events)
        assert asked[first] == (AlarmDue(alarm.id),)
        assert 599 <= first <= 610

    def test_of_every_day_comes_back_once_it_has_rung(self) -> None:
        clocks = Clocks("2026-11-21 06:59:00")
        alarm = clocks.clockwork.set_alarm("07:00", daily=True)
        for day in range(21, 24):
            assert clocks.due() == [f"2026-11-{day} 07:00:00"]
            assert clocks.wait(60) == (AlarmDue(alarm.id),)
            clocks.clockwork.ended([alarm.id])
            clocks.wait(86_340)

    def test_of_every_day_keeps_its_hour_when_the_clocks_change(self) -> None:
        clocks = Clocks("2026-10-24 12:00:00")
        alarm = clocks.clockwork.set_alarm("07:00", daily=True)
        assert clocks.wait(20 * 3600) == (AlarmDue(alarm.id),)  # that night has an hour more
        clocks.clockwork.ended([alarm.id])
        assert clocks.due() == ["2026-10-26 07:00:00"]

    def test_of_every_day_has_no_date(self) -> None:
        with pytest.raises(TimerError, match="not both"):
            Clocks().clockwork.set_alarm("07:00", day="2026-12-24", daily=True)

    def test_of_every_day_comes_by_the_clock_that_was_set_back(self) -> None:
        clocks = Clocks("2026-11-21 12:00:00")
        clocks.clockwork.set_alarm("07:00", daily=True)
        clocks.set_to("2026-11-19 06:00:00")
        assert clocks.due() == ["2026-11-19 07:00:00"]

    def test_that_the_clock_jumped_over_by_more_than_ten_minutes_is_missed(self) -> None:
        clocks = Clocks()
        clocks.clockwork.set_alarm("18:00")
        assert clocks.set_to("2026-11-21 18:10:00") == ()
        assert clocks.kinds() == ["alarm_set", "alarm_missed"]
        assert clocks.clockwork.entries() == []


class TestARestart:
    def test_forgets_nothing(self, tmp_path: Path) -> None:
        clocks = Clocks(directory=tmp_path)
        clocks.clockwork.set_alarm("07:00", daily=True, label="Aufstehen für Müde")
        clocks.clockwork.set_timer(300, "eggs")
        before = clocks.due()
        clocks.now = 5.0  # the machine started anew
        clocks.started()
        assert clocks.due() == before
        assert [entry.label for entry in clocks.clockwork.entries()] == ["eggs", "Aufstehen für Müde"]

    def test_lets_a_timer_run_on(self, tmp_path: Path) -> None:
        clocks = Clocks(directory=tmp_path)
        timer = clocks.clockwork.set_timer(300)
        clocks.wait(100)
        clocks.started()
        assert clocks.wait(199) == ()
        assert clocks.wait(1.1) == (AlarmDue(timer.id),)

    @pytest.mark.parametrize(("late_s", "rings"), [(1, True), (599, True), (601, False)])
    def test_rings_at_once_what_came_due_meanwhile_unless_it_is_long_ago(
        self, late_s: int, rings: bool, tmp_path: Path
    ) -> None:
        clocks = Clocks(directory=tmp_path)
        timer = clocks.clockwork.set_timer(300)
        clocks.wall += 300 + late_s
        clocks.now += 5
        clocks.started()
        assert clocks.clockwork.poll() == ((AlarmDue(timer.id),) if rings else ())
        assert ("alarm_missed" in clocks.kinds()) is not rings

    def test_in_the_middle_of_a_ring_rings_again(self, tmp_path: Path) -> None:
        clocks = Clocks(directory=tmp_path)
        timer = clocks.clockwork.set_timer(3)
        assert clocks.wait(3)
        clocks.started()
        assert clocks.wait(20) == (AlarmDue(timer.id),)

    def test_after_a_ring_does_not(self, tmp_path: Path) -> None:
        clocks = Clocks(directory=tmp_path)
        timer = clocks.clockwork.set_timer(3)
        clocks.wait(3)
        clocks.clockwork.ended([timer.id])
        assert clocks.started().poll() == ()

    def test_finds_a_missed_daily_alarm_set_for_its_next_time(self, tmp_path: Path) -> None:
        clocks = Clocks("2026-11-21 06:00:00", tmp_path)
        clocks.clockwork.set_alarm("07:00", daily=True)
        clocks.wall += 7200
        clocks.started().poll()
        assert clocks.due() == ["2026-11-22 07:00:00"]

    def test_knows_a_timer_by_the_clock_that_was_set_meanwhile(self, tmp_path: Path) -> None:
        clocks = Clocks(directory=tmp_path)
        clocks.clockwork.set_timer(600)
        clocks.set_to("2026-11-22 08:00:00")
        clocks.started()
        assert clocks.due() == ["2026-11-22 08:10:00"]


class TestCancelling:
    def test_goes_by_id_by_label_or_by_all(self) -> None:
        clocks = Clocks()
        clocks.clockwork.set_timer(60, "Eggs")
        clocks.clockwork.set_timer(70, "rice")
        clocks.clockwork.set_alarm("07:00")
        assert [e.id for e in clocks.clockwork.cancel("eggs ")] == ["timer-1"]
        assert [e.id for e in clocks.clockwork.cancel("alarm-1")] == ["alarm-1"]
        assert [e.id for e in clocks.clockwork.cancel("all")] == ["timer-2"]
        assert clocks.wait(86_400) == ()

    def test_of_all_timers_leaves_the_alarms(self) -> None:
        clocks = Clocks()
        clocks.clockwork.set_timer(60)
        clocks.clockwork.set_alarm("07:00")
        assert [e.id for e in clocks.clockwork.cancel("timers")] == ["timer-1"]
        assert [e.id for e in clocks.clockwork.cancel("alarms")] == ["alarm-1"]

    @pytest.mark.parametrize("which", ["timer-9", "", "tea"])
    def test_what_there_is_not_names_what_there_is(self, which: str) -> None:
        clocks = Clocks()
        clocks.clockwork.set_timer(60)
        with pytest.raises(TimerError, match="there are: timer-1"):
            clocks.clockwork.cancel(which)
        assert len(clocks.clockwork.entries()) == 1

    def test_what_rings_is_told_to_whoever_rings(self) -> None:
        clocks = Clocks()
        timer = clocks.clockwork.set_timer(3)
        clocks.wait(3)
        clocks.clockwork.cancel("all")
        assert clocks.clockwork.set_timer(60).id != timer.id  # the ring of that name is still to be ended
        assert clocks.wait(0.1) == (AlarmGone(timer.id),)
        assert clocks.clockwork.set_timer(3).id == timer.id
        assert clocks.wait(3) == (AlarmDue(timer.id),)


class TestTheStory:
    def test_tells_kinds_and_times_and_no_label(self) -> None:
        clocks = Clocks()
        clocks.clockwork.set_timer(60, "a secret")
        clocks.clockwork.cancel("all")
        assert [(h.kind, h.data) for h in clocks.told] == [
            ("alarm_set", {"kind": "timer", "in_s": 60}),
            ("alarm_cancelled", {"kind": "timer"}),
        ]


class TestManyThreads:
    def test_lose_nothing(self) -> None:
        clocks = Clocks()

        def work() -> None:
            for _ in range(100):
                timer = clocks.clockwork.set_timer(86_400)
                clocks.clockwork.poll()
                clocks.clockwork.cancel(timer.id)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert clocks.clockwork.entries() == []
        assert clocks.kinds().count("alarm_set") == clocks.kinds().count("alarm_cancelled") == 400
