"""Whoever waits for a bell looks at once when it rings, misses no ring, and goes home when it is set."""

from __future__ import annotations

import threading
import time

from app.kit.engine.bell import Bell


def test_a_ring_cuts_a_wait_short_and_sets_nothing() -> None:
    bell, heard = Bell(), threading.Event()
    waiting = threading.Thread(target=lambda: (bell.wait(30), heard.set()))
    waiting.start()
    bell.ring()
    assert heard.wait(10)
    assert not bell.is_set()


def test_a_ring_while_somebody_looks_sends_them_to_look_once_more() -> None:
    bell = Bell()
    bell.wait(0)  # they begin to look
    bell.ring()
    began = time.monotonic()
    assert bell.wait(30) is False
    assert time.monotonic() - began < 10
    assert bell.wait(0.01) is False  # and then there is nothing more to hear
    assert time.monotonic() - began >= 0.01


def test_everybody_who_waits_hears_it() -> None:
    bell, heard = Bell(), threading.Barrier(4)
    for _ in range(3):
        threading.Thread(target=lambda: (bell.wait(30), heard.wait(10))).start()
    bell.ring()
    heard.wait(10)


def test_it_can_ring_a_little_later() -> None:
    bell = Bell()
    bell.ring_in(0.01)
    began = time.monotonic()
    assert bell.wait(30) is False
    assert time.monotonic() - began < 10


def test_once_set_nobody_waits_any_more() -> None:
    bell, gone = Bell(), threading.Event()
    threading.Thread(target=lambda: (bell.wait(30), gone.set())).start()
    bell.set()
    assert gone.wait(10)
    assert bell.wait(30) is True
