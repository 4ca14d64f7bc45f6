"""Recognising activations that a graph spells out, such as x·sigmoid(x) for SiLU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from srnet_cli.config.activation_names import PARAMETERS, ActivationName
from srnet_cli.networks.activations import curve
from srnet_cli.networks.trained import Array

_GRID = np.concatenate([np.linspace(-12.0, 12.0, 1201), np.linspace(-1.5, 1.5, 601)])
_CLOSE = 2e-7


class Recognised(NamedTuple):
    """An activation, and what becomes of its value: ``factor·activation(z) + offset``."""

    activation: str
    factor: float
    offset: float


def recognise(function: Callable[[Array], Array]) -> Recognised | None:
    """The activation that a function of one number is; None where none is known.

    Args:
        function: element by element.
    """
    with np.errstate(all="ignore"):
        values = np.asarray(function(_GRID), dtype=np.float64)
        if not np.isfinite(values).all():
            return None
        for name in _candidates(values):
            text = str(name)
            if _is_close(curve(text).value(_GRID), values):
                return Recognised(text, 1.0, 0.0)
        for text in (name for name, defaults in PARAMETERS.items() if not defaults):
            if (stretched := _stretched(text, values)) is not None:
                return stretched
    return None


def _candidates(values: Array) -> Iterator[ActivationName]:
    """Every activation, with the parameters that the values suggest."""
    at = dict(zip(_GRID.tolist(), values.tolist(), strict=True))
    lowest, highest, zero = at[-12.0], at[12.0], float(np.interp(0.0, _GRID[:1201], values[:1201]))
    for name, defaults in PARAMETERS.items():
        yield ActivationName(name, defaults)
    yield ActivationName("leaky_relu", (lowest / -12.0,))
    yield ActivationName("elu", (lowest / np.expm1(-12.0),))
    if lowest < highest:
        yield ActivationName("hard_tanh", (lowest, highest))
    middle = np.flatnonzero((values > 0.0) & (values < 1.0) & (np.abs(_GRID) < 1.0))
    if len(middle) > 2:
        first, last = middle[np.argmin(_GRID[middle])], middle[np.argmax(_GRID[middle])]
        slope = (values[last] - values[first]) / (_GRID[last] - _GRID[first])
        yield ActivationName("hard_sigmoid", (float(slope), zero))


def _stretched(text: str, values: Array) -> Recognised | None:
    base = curve(text).value(_GRID)
    columns = np.column_stack([base, np.ones_like(base)])
    (factor, offset), *_ = np.linalg.lstsq(columns, values, rcond=None)
    fits = _is_close(factor * base + offset, values) and factor != 0.0
    return Recognised(text, float(factor), float(offset)) if fits else None


def _is_close(some: Array, others: Array) -> bool:
    return bool(np.all(np.abs(some - others) <= _CLOSE * (1.0 + np.abs(others))))
