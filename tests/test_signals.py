"""SIGINT and SIGTERM during a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

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


def test_what_an_interrupt_turns_into_is_an_interrupt() -> None:
    """A library that makes an error of its own of the stop, or swallows it, does not hide it."""

    def converting(caught: Signals) -> None:
        with caught.at_once():
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except BaseException as error:
                raise ImportError("half of NumPy") from error

    def swallowing(caught: Signals) -> None:
        with caught.at_once(), suppress(BaseException):
            os.kill(os.getpid(), signal.SIGINT)

    for work in (converting, swallowing):
        with Signals() as caught, pytest.raises(StopNow):
            work(caught)


def test_errors_without_a_signal_stay_what_they_are() -> None:
    """Only what comes after a signal counts as stopped."""
    with Signals() as caught, pytest.raises(ZeroDivisionError), caught.at_once():
        raise ZeroDivisionError


def test_what_comes_after_a_signal_has_a_moment() -> None:
    """It is left when the time since the signal is over; what is quicker is not disturbed."""
    with Signals() as caught:
        os.kill(os.getpid(), signal.SIGTERM)
        done = []
        with caught.within(1000.0):
            done.append("quick")
        with caught.within(0.02):
            while True:
                time.sleep(0.001)
        assert done == ["quick"]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_nohup_is_respected() -> None:
    """SIGHUP that was ignored before stays ignored; otherwise it stops the run as the others do."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals() as caught:
            os.kill(os.getpid(), signal.SIGHUP)
            assert caught.number is None
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with Signals() as caught:
            os.kill(os.getpid(), signal.SIGHUP)
            assert caught.number == signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["before the commands are imported", "in a command"])
def test_a_command_that_saves_nothing_ends_in_a_word(number: int, moment: str) -> None:
    """From its first line on the program ends with 128 + the signal, and prints no traceback."""
    hit = f"os.kill(os.getpid(), {int(number)}); time.sleep(60)"
    early = (
        f"sys.modules['typer'] = type('Late', (), {{'__getattr__': lambda *_: exec({hit!r})}})()"
    )
    late = f"from srnet_cli.cli import console; console.run = lambda *_: exec({hit!r})"
    # A job in the background of a script inherits an ignored SIGINT.
    default = "default_int_handler" if number == signal.SIGINT else "SIG_DFL"
    code = f"import os, signal, sys, time; signal.signal({int(number)}, signal.{default}); "
    code += "from srnet_cli import cli; "
    code += f"{early if moment.startswith('before') else late}; cli.main()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (128 + number, "srnet: stopped\n")


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


_ENDS_SLOWLY = """
import os, sys
from srnet_cli.signals import quit_on_signals

class Waits:
    def __del__(self, write=os.write, read=os.read):
        write(1, b"ending")
        read(0, 1)

quit_on_signals()
sys.waits = Waits()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_a_process_that_has_ended_changes_nothing(number: signal.Signals) -> None:
    """While Python tidies up, whose handlers are gone by then, the exit code stays what it is."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", _ENDS_SLOWLY]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.read(6) == b"ending"
        process.send_signal(number)
        process.communicate(b"\n")
    assert process.returncode == 0
