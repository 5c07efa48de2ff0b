"""When a worker counts as stuck, decided by values and a clock that the test turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.watch import Place, Progress, UnderWay

PATIENCE = 60.0


def looks(*seen: tuple[float, dict[int, Place], float, float]) -> list[str]:
    """Return what each look says: time, places, when it last worked, when its hands were last empty."""
    progress = Progress(PATIENCE)
    return [progress.look(places, worked, emptied, now) for now, places, worked, emptied in seen]


def test_nothing_done_while_records_wait_is_stuck() -> None:
    """Records wait, commits do not move, no batch ends: stuck after the patience, and not before."""
    waits = {0: Place(5, 9)}
    said = looks((0, waits, -1, -1), (59, waits, -1, -1), (61, waits, -1, -1))
    assert said == ["", "", "partition 0: 4 records wait, none committed for 61 s"]


def test_work_that_hangs_after_some_was_done_is_stuck() -> None:
    """A batch ends after the records were seen to wait, then nothing any more: stuck, counted from that batch."""
    waits = {0: Place(5, 9)}
    said = looks((0, waits, -1, -1), (70, waits, 20, -1), (81, waits, 20, -1))
    assert [bool(one) for one in said] == [False, False, True]


def test_an_idle_worker_is_not_stuck() -> None:
    """Nothing waits: no silence is too long, and what comes then has its whole patience."""
    done, waits = {0: Place(9, 9)}, {0: Place(9, 10)}
    assert not any(looks((0, done, -1, -1), (9000, done, -1, -1), (9001, waits, -1, -1), (9060, waits, -1, -1)))


def test_commits_that_move_are_progress() -> None:
    """However slow, a partition whose commits move is not stuck."""
    assert not any(looks(*((now, {0: Place(int(now), 10_000)}, now - 50, -1) for now in range(0, 600, 50))))


def test_busy_with_other_partitions_is_slow_and_not_stuck() -> None:
    """One partition waits while the worker has its hands full with the other one."""
    seen = [(now, {0: Place(0, 9), 1: Place(int(now), 10_000)}, now, -1) for now in range(0, 600, 10)]
    assert not any(looks(*seen))


def test_a_partition_that_never_resumes_is_stuck() -> None:
    """The same, but its hands were empty in between: then nobody fetches the partition, or its commits are blocked."""
    seen = [(now, {0: Place(0, 9), 1: Place(int(now), 10_000)}, now, now) for now in range(0, 70, 10)]
    assert [bool(one) for one in looks(*seen)] == [False] * 7
    seen.append((70, {0: Place(0, 9), 1: Place(70, 10_000)}, 70, 65))
    assert "partition 0" in looks(*seen)[-1]


def test_a_partition_that_went_away_begins_anew() -> None:
    """What was taken away and given back has its whole patience again; so has everything after an outage."""
    waits: dict[int, Place] = {0: Place(5, 9)}
    assert not any(looks((0, waits, -1, -1), (50, {}, -1, -1), (51, waits, -1, -1), (100, waits, -1, -1)))
    progress = Progress(PATIENCE)
    progress.look(waits, -1, -1, 0)
    progress.forget()
    assert not progress.look(waits, -1, -1, 100)


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 50)), min_size=2, max_size=60))
def test_never_stuck_while_every_look_sees_a_commit(steps: list[tuple[int, int]]) -> None:
    """Whatever the pace: where each look finds more committed than the one before, nothing is stuck."""
    progress, now, done = Progress(PATIENCE), 0.0, 0
    for seconds, records in steps:
        now, done = now + seconds, done + records
        assert not progress.look({0: Place(done, 10**6)}, -1, now, now)


def test_what_a_lost_broker_held_up_goes_on_by_itself() -> None:
    """A piece of work is stuck when it stays so while the broker answers; an outage, or its end, begins anew."""
    under_way = UnderWay(30)
    assert [bool(under_way.look("since long", now)) for now in (0, 30, 31)] == [False, False, True]
    under_way.forget()
    assert [bool(under_way.look(said, now)) for said, now in (("x", 40), ("", 60), ("x", 71))] == [False] * 3
