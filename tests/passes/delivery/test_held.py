"""Which claims are being delivered, whoever asks meanwhile."""

import sys
import threading

from passes.delivery.held import Held


def test_the_claims_of_this_moment_are_named_in_order() -> None:
    held = Held()
    for name in ("b", "a", "c"):
        held.add(name)
    held.discard("b")
    held.discard("never there")

    assert held.names() == ["a", "c"]


def test_claims_may_come_and_go_while_they_are_named() -> None:
    held, ended, troubles = Held(), threading.Event(), []

    def work(number: int) -> None:
        try:
            while not ended.is_set():
                held.add(f"{number}")
                held.names()
                held.discard(f"{number}")
        except RuntimeError as error:
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    ended.wait(0.2)
    ended.set()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(before)

    assert troubles == []
    assert held.names() == []
