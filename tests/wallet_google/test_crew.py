"""A few threads do what is to be done, and each leaves as it came."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from wallet_google.crew import Crew


def test_works_are_done_several_at_a_time_and_answered_in_order() -> None:
    together = threading.Barrier(3, timeout=10)
    crew = Crew(3, lambda: None)

    def work(number: int) -> int:
        together.wait()
        return number

    assert crew.run([partial(work, number) for number in range(6)]) == [*range(6)]
    crew.close()


def test_what_one_work_raises_is_raised_when_all_have_ended() -> None:
    done: list[int] = []
    crew = Crew(2, lambda: None)

    def fail() -> None:
        raise RuntimeError("a mistake")

    works: list[Callable[[], None]] = [fail]
    works += [partial(done.append, number) for number in range(5)]
    with pytest.raises(RuntimeError, match="a mistake"):
        crew.run(works)
    crew.close()

    assert sorted(done) == [*range(5)]


def test_every_thread_leaves_and_another_crew_comes_when_needed() -> None:
    left: list[str] = []
    crew = Crew(3, lambda: left.append(threading.current_thread().name))

    crew.close()
    assert left == []
    for _ in range(2):
        crew.run([lambda: None])
        crew.close()

    assert len(left) == 6


def test_nothing_to_do_starts_nothing() -> None:
    before = threading.active_count()

    assert Crew(3, lambda: None).run([]) == []
    assert threading.active_count() == before
