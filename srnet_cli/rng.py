"""Random streams that depend on their names alone.

Every draw in a run comes from a stream named after what it is for, such as
``stream(seed, "trial", 3, "weights")``. Nothing is handed from one draw to the next, so neither
the order of tasks, nor the number of workers, nor a resume can change a result.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from operator import index

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator at the start of the stream that the seed and the names denote.

    Different seeds or names give independent streams; ``1`` and ``"1"`` are different names.
    """
    return np.random.default_rng(np.random.SeedSequence(_digest(seed, names, 16)))


def key(seed: int, *names: str | int) -> int:
    """A 64-bit key in [0, 2**64) of the seed and the names, for counter-based generators."""
    return _digest(seed, names, 8)


def _digest(seed: int, names: tuple[str | int, ...], size: int) -> int:
    # JSON in ASCII separates the names unambiguously and reads the same in every Python.
    parts = [index(seed), *(name if isinstance(name, str) else index(name) for name in names)]
    return int.from_bytes(blake2b(json.dumps(parts).encode(), digest_size=size).digest(), "little")
