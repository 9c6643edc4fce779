"""Whoever has waited longest is next."""

import time
from threading import Thread

from passes.turns import Turns


def test_a_free_turn_is_taken_at_once() -> None:
    turns = Turns()

    assert turns.take(0)


def test_a_taken_turn_is_waited_for_in_vain() -> None:
    turns = Turns()
    turns.take(0)

    assert not turns.take(0.01)


def test_an_ended_turn_is_free_again() -> None:
    turns = Turns()
    turns.take(0)
    turns.end()

    assert turns.take(0)


def test_who_gave_up_is_not_waited_for() -> None:
    turns = Turns()
    turns.take(0)
    turns.take(0.01)
    turns.end()

    assert turns.take(0)


def test_turns_come_in_the_order_of_asking() -> None:
    turns = Turns()
    came: list[int] = []
    turns.take(0)

    def ask(number: int) -> None:
        if turns.take(10):
            came.append(number)
            turns.end()

    threads = [Thread(target=ask, args=(number,)) for number in range(8)]
    for waiting, thread in enumerate(threads, start=1):
        thread.start()
        while len(turns._waiting) < waiting:
            time.sleep(0.001)
    turns.end()
    for thread in threads:
        thread.join()

    assert came == list(range(8))
