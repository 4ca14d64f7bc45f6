"""Files that send a library's C code into a loop, or to its end, are refused in a word."""

from __future__ import annotations

import io
import os
import resource
import signal
import struct
from pathlib import Path

import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network_bytes
from srnet_cli.networks.readers.trial_reading import try_reading


def test_a_refusal_is_passed_on() -> None:
    """In the words of the process that has read, hint included, and on one line."""

    def refuse() -> None:
        raise ModelError("no \n network", hint="é")

    with pytest.raises(ModelError, match=r"^no \\n network$") as caught:
        try_reading(refuse, 0)
    assert caught.value.hint == "é"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="nothing limits memory here")
def test_memory_is_limited() -> None:
    """What a file asks for is refused before it is taken; what the file has is not."""
    with pytest.raises(ModelError, match="more memory"):
        try_reading(lambda: bytearray(3 << 28), 0)
    try_reading(lambda: bytearray(1 << 27), 1 << 26)


def test_what_comes_through_says_nothing() -> None:
    """An answer and an error of Python's own are for the reading that counts."""
    try_reading(lambda: None, 0)
    try_reading(lambda: 1 / 0, 0)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGPROF])
def test_a_crash_is_of_the_child_alone(number: signal.Signals) -> None:
    """The file is refused and this process goes on."""

    def crash() -> None:
        signal.signal(number, signal.SIG_DFL)  # pytest's own handler would print where it was
        os.kill(os.getpid(), number)

    with pytest.raises(ModelError, match=r"the library that reads it (crashes|never ends)"):
        try_reading(crash, 0)


def test_an_interrupt_takes_the_child_along() -> None:
    """Whoever stops waiting leaves no process behind."""

    class Stopped(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    out, into = os.pipe()

    def stop_the_parent() -> None:
        os.write(into, str(os.getpid()).encode())
        os.kill(os.getppid(), signal.SIGALRM)
        signal.pause()

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(Stopped):
            try_reading(stop_the_parent, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
    child = int(os.read(out, 20))
    os.close(out)
    os.close(into)
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


def test_text_of_a_negative_length_ends() -> None:
    """HDF5 goes on to the next text at the end of each, here at its own place, for ever."""
    h5py = pytest.importorskip("h5py")
    stored = io.BytesIO()
    with h5py.File(stored, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential"}'
    data = bytearray(stored.getvalue())
    length = data.find(b"GCOL") + 24
    data[length : length + 8] = struct.pack("<q", -16)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(ModelError, match="never ends"):
        read_network_bytes(Path("network.h5"), bytes(data), Wishes())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert 0.5 < spent < 1.0
