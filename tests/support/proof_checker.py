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
Ends = tuple[Array, Array]

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
) -> tuple[list[Ends], Array]:
    """Bounds of the outputs on boxes, and on which of them everything is surely defined."""
    bounds, safe = traced(certificate, names, low, high)
    return [bounds[slot] for slot in certificate["tape.outputs"].tolist()], safe


def traced(
    certificate: Mapping[str, Array], names: Mapping[int, str], low: Array, high: Array
) -> tuple[list[Ends], Array]:
    """The same of every slot of the tape."""
    tape = {key[5:]: value for key, value in certificate.items() if key.startswith("tape.")}
    slots: list[Form] = []
    bounds: list[Ends] = []
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
    return bounds, safe


def slopes(
    certificate: Mapping[str, Array], names: Mapping[int, str], low: Array, high: Array
) -> Ends:
    """Bounds of the slopes of the first output on boxes, (n, d) each, by the chain rule."""
    tape = {key[5:]: value for key, value in certificate.items() if key.startswith("tape.")}
    bounds, _ = traced(certificate, names, low, high)
    found: list[Ends] = []
    for k, operation in enumerate(tape["operations"].tolist()):
        name, a, b = names[operation], int(tape["left"][k]), int(tape["right"][k])
        slope = np.zeros_like(low), np.zeros_like(low)
        if name == "variable":
            slope[0][:, a] = slope[1][:, a] = 1.0
        elif name == "affine":
            for t in range(a, a + b):
                weight = np.full(len(low), tape["weights"][t])
                slope = summed(slope, product((weight, weight), found[tape["slots"][t]]))
        elif name == "add":
            slope = summed(found[a], found[b])
        elif name == "scale":
            factor = np.full(len(low), tape["low"][k])
            slope = product((factor, factor), found[a])
        elif name == "multiply":
            slope = summed(product(bounds[a], found[b]), product(bounds[b], found[a]))
        elif name == "maximum":
            is_left, is_right = bounds[a][0] >= bounds[b][1], bounds[b][0] >= bounds[a][1]
            slope = tuple(
                np.where(
                    is_left[:, None],
                    found[a][side],
                    np.where(
                        is_right[:, None], found[b][side], pick(found[a][side], found[b][side])
                    ),
                )
                for side, pick in ((0, np.minimum), (1, np.maximum))
            )
        elif name != "constant":
            slope = product(_outer_slope(name, b, *bounds[a]), found[a])
        found.append(slope)
    return found[int(tape["outputs"][0])]


def _outer_slope(name: str, power: int, lo: Array, hi: Array) -> Ends:
    """Bounds of f' between lo and hi, (n,) each."""
    if name == "power":
        ends = np.stack([power * lo ** (power - 1), power * hi ** (power - 1)])
        spans = (lo <= 0.0) & (hi >= 0.0) & (power > 1)
        return np.where(spans, np.minimum(ends.min(axis=0), 0.0), ends.min(axis=0)), ends.max(
            axis=0
        )
    if name in ("rectifier", "absolute"):
        below = 0.0 if name == "rectifier" else -1.0
        return np.where(lo >= 0.0, 1.0, below), np.where(hi <= 0.0, below, 1.0)
    _, slope, curvature = SMOOTH[name]
    middle, bend = slope(0.5 * (lo + hi)), 0.5 * (hi - lo) * curvature(lo, hi)
    return middle - bend, middle + bend


def summed(one: Ends, other: Ends) -> Ends:
    low, high = one[0] + other[0], one[1] + other[1]
    return low - SLACK * np.abs(low), high + SLACK * np.abs(high)


def product(factor: Ends, slope: Ends) -> Ends:
    """Of numbers between two ends, (n,), and slopes, (n, d)."""
    ends = np.stack([f[:, None] * s for f in factor for s in slope])
    slack = SLACK * np.abs(ends).max(axis=0)
    return ends.min(axis=0) - slack, ends.max(axis=0) + slack


def named(pairs: list[Ends], classes: int) -> Array:
    """The class that is surely the greatest on each box, -1 where none is.

    ``pairs`` bound the differences of scores (0, 1), (0, 2) … (1, 2) ….
    """
    is_ahead = np.ones((classes, len(pairs[0][0])), dtype=bool)
    places = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    for (i, j), (low, high) in zip(places, pairs, strict=True):
        is_ahead[i] &= low > 0.0
        is_ahead[j] &= high < 0.0
    return np.where(is_ahead.any(axis=0), is_ahead.argmax(axis=0), -1)
