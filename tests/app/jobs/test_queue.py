"""The order of jobs and the time left, without threads."""

import pytest

from app.jobs.queue import CANCELLED, DONE, LOADING, WAITING, JobQueue, TimeLeft


def test_jobs_are_taken_in_order_one_at_a_time() -> None:
    queue = JobQueue()
    first, second = queue.add("first"), queue.add("second")
    assert queue.take() == first
    assert queue[first].status == LOADING
    assert queue[second].status == WAITING
    assert queue.take() is None, "the engine is busy"
    queue.change(first, status=DONE)
    queue.release(first)
    assert queue.take() == second


def test_a_cancelled_waiting_job_is_never_taken() -> None:
    queue = JobQueue()
    first, second, third = (queue.add(title) for title in ("first", "second", "third"))
    assert queue.take() == first
    queue.change(second, status=CANCELLED)
    queue.release(first)
    assert queue.take() == third
    assert queue.unfinished() == [first, third]


def test_the_engine_stays_busy_until_it_let_go_of_a_cancelled_job() -> None:
    queue = JobQueue()
    first, second = queue.add("first"), queue.add("second")
    queue.take()
    queue.change(first, status=CANCELLED)
    assert queue.take() is None
    queue.release(first)
    assert queue.take() == second


def test_a_live_job_takes_the_place_of_live_jobs_only() -> None:
    queue = JobQueue()
    lasting, live = queue.add("lasting"), queue.add("live", live=True)
    assert queue.superseded() == [live]
    queue.change(live, status=CANCELLED)
    assert queue.superseded() == []
    assert queue.unfinished() == [lasting]


def test_old_finished_jobs_are_forgotten_but_never_one_that_is_not_over() -> None:
    queue = JobQueue()
    waiting = queue.add("waiting")
    for number in range(100):
        queue.change(queue.add(f"job {number}"), status=DONE)
    assert waiting in queue
    assert len(list(queue)) <= 32


def test_time_left_of_even_steps_is_exact() -> None:
    clock = TimeLeft()
    assert clock.stepped(1, 10, now=5.0) is None  # the first step also took the reading of picture and prompt
    assert clock.stepped(2, 10, now=5.5) == pytest.approx(4.0)
    for index in range(3, 10):
        left = clock.stepped(index, 10, now=5.0 + 0.5 * (index - 1))
        assert left == pytest.approx(0.5 * (10 - index))
    assert clock.stepped(10, 10, now=9.5) == 0.0


def test_one_slow_step_does_not_make_the_time_left_jump() -> None:
    clock, now = TimeLeft(), 0.0
    for index in range(1, 7):
        now += 1.0
        clock.stepped(index, 20, now)
    after_pause = clock.stepped(7, 20, now + 6.0)
    assert after_pause is not None
    assert 8.0 <= after_pause <= 14.0, "13 steps of one second are left; the pause of 6 s is not taken for their pace"


def test_time_left_follows_a_lasting_change_of_pace() -> None:
    clock, now = TimeLeft(), 0.0
    for index in range(1, 41):
        now += 1.0 if index < 20 else 2.0
        left = clock.stepped(index, 60, now)
    assert left == pytest.approx(40.0, rel=0.1)
