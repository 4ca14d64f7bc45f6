"""Streams of random numbers named after what they are for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.rng import key, stream

names = st.lists(st.text() | st.integers(), max_size=4)


def test_stream_repeats():
    """A stream starts anew whenever it is asked for, whatever was drawn before."""
    first = stream(3, "trial", 1).random(5)
    stream(3, "trial", 2).random(100)
    np.testing.assert_array_equal(stream(3, "trial", 1).random(5), first)


def test_values_never_change():
    """Values stay the same from release to release: old runs can be repeated."""
    assert key(0) == 11243728523470438572
    assert key(7, "trial", 3) == 7313084532619989339
    assert stream(7, "trial", 3).integers(2**62, size=2).tolist() == [
        3944510555953504964,
        4407821350236534525,
    ]


@given(st.integers(), names, st.integers(), names)
def test_distinct_names_give_distinct_keys(seed, parts, other_seed, other_parts):
    """Keys are equal exactly where seed and names are: no two spellings run together."""
    same = (seed, parts) == (other_seed, other_parts)
    assert (key(seed, *parts) == key(other_seed, *other_parts)) is same


def test_boundaries_between_names_count():
    """Names are neither joined nor confused with numbers."""
    keys = {key(1, 2), key(12), key(1, "2"), key(1, "a", "b"), key(1, "ab"), key(1, 'a", "b')}
    assert len(keys) == 6


def test_numpy_integers_are_integers():
    """A trial counted by NumPy has the stream of the same Python integer."""
    assert key(0, np.int64(5)) == key(0, 5)


def test_key_has_64_bits():
    """Keys fill 64 bits and no more."""
    keys = np.array([key(0, i) for i in range(2000)], dtype=np.uint64)
    bits = np.unpackbits(keys.view(np.uint8)).reshape(2000, 64).mean(axis=0)
    assert bits.min() > 0.4
    assert bits.max() < 0.6


def test_same_in_another_process():
    """Values do not depend on the process, as Python's own hash does."""
    code = "from srnet_cli.rng import key; print(key(0, 'é', 1))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(run.stdout) == key(0, "é", 1)
