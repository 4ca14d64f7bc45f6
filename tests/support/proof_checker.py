"""A second, simple program for certificates: NumPy on arrays of boxes, nothing of the kernels.

Intervals and linear forms are widened by far more than rounding can cost, so that nothing subtle
has to be right. What it confirms is a claim to a relative 1e-6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import erf  # type: ignore[import-untyped]

Array = np.ndarray

SLACK = 1e-13


class Form(NamedTuple):
    """Σ a_i ε_i + [low, high] on n boxes: (n, d), (n,), (n,)."""

    a: Array
    low: Array
    high: Array

    @property
    def bounds(self) -> tuple[Array, Array]:
        size = np.abs(self.a).sum(axis=1)
        return self.low - size, self.high + size


def widened(a: Array, low: Array, high: Array) -> Form:
    slack = SLACK * (np.abs(a).sum(axis=1) + np.abs(low) + np.abs(high)) + 1e-300
    return Form(a, low - slack, high + slack)


def scaled(form: Form, factor: float | Array) -> Form:
    column = np.broadcast_to(factor, form.low.shape)
    ends = np.stack([column * form.low, column * form.high])
    return widened(column[:, None] * form.a, ends.min(axis=0), ends.max(axis=0))


def added(one: Form, other: Form) -> Form:
    return widened(one.a + other.a, one.low + other.low, one.high + other.high)


def multiplied(one: Form, other: Form) -> Form:
    u, v = 0.5 * (one.low + one.high), 0.5 * (other.low + other.high)
    p = np.abs(one.a).sum(axis=1) + 0.5 * (one.high - one.low)
    q = np.abs(other.a).sum(axis=1) + 0.5 * (other.high - other.low)
    diagonal = one.a * other.a
    rest = p * q - np.abs(diagonal).sum(axis=1)
    low = np.minimum(diagonal, 0.0).sum(axis=1) - rest - u * v
    high = np.maximum(diagonal, 0.0).sum(axis=1) + rest - u * v
    return added(added(scaled(one, v), scaled(other, u)), Form(0.0 * one.a, low, high))


def smooth(form: Form, bounds: tuple[Array, Array], f, slope, curvature) -> Form:  # type: ignore[no-untyped-def]
    """Taylor's theorem at the middle; ``curvature`` bounds |f''| on intervals."""
    low, high = bounds
    m = 0.5 * (low + high)
    bend = 0.5 * curvature(low, high) * (0.5 * (high - low)) ** 2
    a = slope(m)
    line = scaled(form, a)
    return added(line, Form(0.0 * form.a, f(m) - a * m - bend, f(m) - a * m + bend))


def rectified(form: Form) -> Form:
    """max(0, t) lies between s·t and s·t − s·low, s = high/(high − low), where low < 0 < high."""
    low, high = form.bounds
    is_open = (low < 0.0) & (high > 0.0)
    slope = np.where(is_open, high / np.where(is_open, high - low, 1.0), (low >= 0.0) * 1.0)
    gap = np.where(is_open, -slope * low, 0.0)
    return added(scaled(form, slope), Form(0.0 * form.a, 0.0 * low, gap * (1.0 + SLACK)))


def _ends(low: Array, high: Array, f) -> Array:  # type: ignore[no-untyped-def]
    return np.maximum(f(low), f(high))


def _sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


_TANH_BEND, _SIGMOID_BEND, _ERF_BEND = 0.7698003589, 0.0962250449, 0.9678828981
SMOOTH = {
    "exponential": (np.exp, np.exp, lambda lo, hi: np.exp(hi)),
    "logarithm": (np.log, lambda x: 1.0 / x, lambda lo, hi: 1.0 / lo**2),
    "root": (np.sqrt, lambda x: 0.5 / np.sqrt(x), lambda lo, hi: 0.25 * lo**-1.5),
    "reciprocal": (
        lambda x: 1.0 / x,
        lambda x: -1.0 / x**2,
        lambda lo, hi: _ends(lo, hi, lambda x: 2.0 / np.abs(x) ** 3),
    ),
    "sine": (np.sin, np.cos, lambda lo, hi: np.ones_like(lo)),
    "cosine": (np.cos, lambda x: -np.sin(x), lambda lo, hi: np.ones_like(lo)),
    "tangent": (
        np.tan,
        lambda x: 1.0 + np.tan(x) ** 2,
        lambda lo, hi: _ends(lo, hi, lambda x: 2.0 * np.abs(np.tan(x)) * (1.0 + np.tan(x) ** 2)),
    ),
    "hyperbolic_tangent": (
        np.tanh,
        lambda x: 1.0 - np.tanh(x) ** 2,
        lambda lo, hi: np.full_like(lo, _TANH_BEND),
    ),
    "sigmoid": (
        _sigmoid,
        lambda x: _sigmoid(x) * (1.0 - _sigmoid(x)),
        lambda lo, hi: np.full_like(lo, _SIGMOID_BEND),
    ),
    "error_function": (
        erf,
        lambda x: 2.0 / np.sqrt(np.pi) * np.exp(-(x**2)),
        lambda lo, hi: np.full_like(lo, _ERF_BEND),
    ),
}
DOMAINS = {
    "logarithm": lambda lo, hi: lo > 0.0,
    "root": lambda lo, hi: lo >= 0.0,
    "reciprocal": lambda lo, hi: (lo > 0.0) | (hi < 0.0),
    "tangent": lambda lo, hi: np.floor(lo / np.pi + 0.5) == np.floor(hi / np.pi + 0.5),
}
MONOTONE = {"exponential", "logarithm", "root", "tangent", "hyperbolic_tangent", "sigmoid"}


def leaves(certificate: Mapping[str, Array]) -> tuple[Array, Array]:
    """The parts that were never cut, from the cuts alone, (n, d) each."""
    low, high = [certificate["low"]], [certificate["high"]]
    is_leaf = [True]
    for part, i in zip(certificate["parts"].tolist(), certificate["inputs"].tolist(), strict=True):
        assert is_leaf[part]
        is_leaf[part] = False
        middle = 0.5 * low[part][i] + 0.5 * high[part][i]
        assert low[part][i] < middle < high[part][i]
        for side in (0, 1):
            ends = low[part].copy(), high[part].copy()
            ends[1 - side][i] = middle
            low.append(ends[0])
            high.append(ends[1])
            is_leaf.append(True)
    kept = np.array(is_leaf)
    return np.array(low)[kept], np.array(high)[kept]


def halved(low: Array, high: Array, times: int) -> tuple[Array, Array]:
    """All parts, cut in half so many times, across each input in turn: what holds of the pieces
    holds of the parts, and simple bounds become narrow enough."""
    for number in range(times):
        i = number % low.shape[1]
        middle = 0.5 * low[:, i] + 0.5 * high[:, i]
        ends = [(low.copy(), high.copy()) for _ in range(2)]
        ends[0][1][:, i] = ends[1][0][:, i] = middle
        low, high = (np.concatenate([one[k] for one in ends]) for k in range(2))
    return low, high


def evaluate(
    certificate: Mapping[str, Array], names: Mapping[int, str], low: Array, high: Array
) -> tuple[list[tuple[Array, Array]], Array]:
    """Bounds of the outputs on boxes, and on which of them everything is surely defined."""
    tape = {key[5:]: value for key, value in certificate.items() if key.startswith("tape.")}
    slots: list[Form] = []
    bounds: list[tuple[Array, Array]] = []
    safe = np.ones(len(low), dtype=bool)
    zero = np.zeros_like(low)

    def constant(a: float, b: float) -> Form:
        return Form(zero, np.full(len(low), a), np.full(len(low), b))

    for k, operation in enumerate(tape["operations"].tolist()):
        name, a, b = names[operation], int(tape["left"][k]), int(tape["right"][k])
        own = None
        if name == "constant":
            form = constant(tape["low"][k], tape["high"][k])
        elif name == "variable":
            slope = zero.copy()
            slope[:, a] = 0.5 * (high[:, a] - low[:, a])
            middle = 0.5 * (low[:, a] + high[:, a])
            form, own = widened(slope, middle, middle), (low[:, a], high[:, a])
        elif name == "affine":
            form = constant(tape["low"][k], tape["high"][k])
            for t in range(a, a + b):
                form = added(form, scaled(slots[tape["slots"][t]], tape["weights"][t]))
        elif name == "add":
            form = added(slots[a], slots[b])
        elif name == "scale":
            form = scaled(slots[a], tape["low"][k])
        elif name == "multiply":
            form = multiplied(slots[a], slots[b])
        elif name == "power":
            form = slots[a]
            for _ in range(b - 1):
                form = multiplied(form, slots[a])
            lo, hi = bounds[a]
            ends = np.stack([lo**b, hi**b])
            least = np.where((lo <= 0.0) & (hi >= 0.0) & (b % 2 == 0), 0.0, ends.min(axis=0))
            own = (
                least * (1.0 - SLACK * np.sign(least)),
                ends.max(axis=0) + SLACK * np.abs(ends).max(axis=0),
            )
        elif name == "rectifier":
            form = rectified(slots[a])
            own = np.maximum(bounds[a][0], 0.0), np.maximum(bounds[a][1], 0.0)
        elif name == "absolute":
            form = added(scaled(rectified(slots[a]), 2.0), scaled(slots[a], -1.0))
        elif name == "maximum":
            form = added(slots[b], rectified(added(slots[a], scaled(slots[b], -1.0))))
        elif name in SMOOTH:
            lo, hi = bounds[a]
            is_in = DOMAINS.get(name, lambda lo, hi: lo <= hi)(lo, hi)
            safe &= is_in
            lo, hi = np.where(is_in, lo, 1.0), np.where(is_in, hi, 1.0)
            form = smooth(slots[a], (lo, hi), *SMOOTH[name])
            if name in MONOTONE:
                f = SMOOTH[name][0]
                own = f(lo) - SLACK * np.abs(f(lo)), f(hi) + SLACK * np.abs(f(hi))
            if name == "reciprocal":
                own = (
                    (1.0 / hi) * (1.0 - SLACK * np.sign(hi)),
                    (1.0 / lo) * (1.0 + SLACK * np.sign(lo)),
                )
            if name in ("sine", "cosine"):
                own = constant(-1.0, 1.0).bounds
        else:
            raise NotImplementedError(name)
        ends = form.bounds
        if own is not None:
            ends = np.maximum(ends[0], own[0]), np.minimum(ends[1], own[1])
        safe &= np.isfinite(ends[0]) & np.isfinite(ends[1])
        slots.append(form)
        bounds.append(ends)
    return [bounds[slot] for slot in tape["outputs"].tolist()], safe
