"""SIGINT and SIGTERM during a run."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from srnet_cli import signals
from srnet_cli.signals import Signals, StopNow


def test_a_signal_waits_to_be_seen() -> None:
    """The first signal only leaves its number; what runs is not disturbed."""
    with Signals() as caught:
        assert caught.number is None
        os.kill(os.getpid(), signal.SIGTERM)
        assert caught.number == signal.SIGTERM


@pytest.mark.parametrize("before", [False, True])
def test_at_once_means_at_once(before: bool) -> None:
    """Where there is nothing to save a signal raises, also one that came just before."""
    reached = []

    def work(caught: Signals) -> None:
        if before:
            os.kill(os.getpid(), signal.SIGINT)
        with caught.at_once():
            reached.append("entered")
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("went on")

    with Signals() as caught, pytest.raises(StopNow):
        work(caught)
    assert reached == ([] if before else ["entered"])
    assert caught.number == signal.SIGINT


def test_libraries_cannot_swallow_the_stop() -> None:
    """What is raised is neither an Exception nor a KeyboardInterrupt."""
    assert not issubclass(StopNow, Exception | KeyboardInterrupt)


def test_after_at_once_a_signal_waits_again() -> None:
    """Outside of the block signals do not raise any more."""
    with Signals() as caught:
        with caught.at_once():
            pass
        os.kill(os.getpid(), signal.SIGINT)
        assert caught.number == signal.SIGINT


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, second: signal.Signals
) -> None:
    """Whoever asks twice does not wait: the process ends there, with the second one's code."""
    codes = []
    monkeypatch.setattr(signals.os, "_exit", codes.append)
    with Signals():
        os.kill(os.getpid(), signal.SIGINT)
        assert codes == []
        os.kill(os.getpid(), second)
        assert codes == [128 + second]


def test_a_worker_may_be_told_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever ends the whole session, and by its parent: what it has is saved all the same."""
    codes: list[int] = []
    monkeypatch.setattr(signals.os, "_exit", codes.append)
    with Signals(quits_on_second=False) as caught:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        assert caught.number == signal.SIGINT
    assert codes == []


def test_handlers_are_restored_after_errors() -> None:
    """Whatever ends the run, signals then do what they did before."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ZeroDivisionError), Signals():
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_other_threads_leave_signals_alone() -> None:
    """In a thread, where Python allows no handlers, a run works without them."""
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with Signals() as caught, caught.at_once():
            seen.append((caught.number, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(None, before)]
