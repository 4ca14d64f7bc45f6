"""Values in place of a network: an ``.npz`` file of rows and of every layer's units on them.

Its arrays are ``x``, (n, d), the raw rows; ``h1``, ``h2`` …, (n, m_l), the hidden layers in order;
and ``y``, (n, m) or (n,), the outputs, of a classifier its logits. ``inputs`` and ``classes``,
texts, may name the columns of ``x`` and ``y``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks import npz
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes
from srnet_cli.networks.recorded import recorded

_HIDDEN = re.compile(r"h[1-9][0-9]{0,3}")
_TEXTS = ("inputs", "classes")
_HINT = "numpy.savez(path, x=rows, h1=units, h2=units, y=outputs) writes such a file"


def read_activations(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read rows and values.

    Args:
        file: the file.
        wishes: their ``layers`` name the hidden layers to explain; by default all.

    Raises:
        ModelError: the file is damaged, or its arrays are not those of a network; the line begins
            with the path.
    """
    try:
        return values_of(file.data, wishes)
    except ModelError as error:
        raise ModelError(f"{file.path}: {error}", hint=error.hint) from error


def holds_values(data: bytes) -> bool:
    """Whether the bytes of an npz file are such rows and values, and no weights."""
    names: list[str] = []
    try:
        npz.read_arrays(data, names.extend, lambda name: "")
    except ModelError:
        return False
    has_rows = "x" in names or "X" in names
    return has_rows and "y" in names and not any(name.startswith("weight") for name in names)


def values_of(data: bytes, wishes: Wishes) -> LoadedNetwork:
    """The same from the bytes; lines of errors begin with what is wrong.

    Raises:
        ModelError: as ``read_activations``.
    """
    arrays = npz.read_arrays(data, _check_names, lambda name: "U" if name in _TEXTS else "biuf")
    if "X" in arrays:
        arrays.setdefault("x", arrays.pop("X"))
    for name in ("x", "y"):
        if name not in arrays:
            raise ModelError(f"there is no array {name!r}", hint=_HINT)
    hidden = _hidden(arrays, wishes.layers)
    for name in ("x", *hidden, "y"):
        if not np.isfinite(arrays[name]).all():
            raise ModelError(f"array {name!r} holds numbers that are not finite")
    network = recorded(arrays["x"], [arrays[name] for name in (*hidden, "y")])
    inputs, classes = (_texts(arrays, name) for name in _TEXTS)
    if inputs and len(inputs) != network.widths[0]:
        raise ModelError(f"'inputs' names {len(inputs)} columns, x has {network.widths[0]}")
    return LoadedNetwork(
        network,
        "values on rows",
        inputs=inputs,
        classes=classes,
        layers=(*hidden, "y"),
        notes=(
            f"known by its values on {len(network.rows)} rows only: formulas are fitted to these, "
            "and nothing can be asked beside them",
        ),
        rows=network.rows,
    )


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if name not in ("x", "X", "y", *_TEXTS) and not _HIDDEN.fullmatch(name):
            raise ModelError(f"unknown array {quoted(name)}; expected x, h1, h2 …, y", hint=_HINT)


def _hidden(arrays: Mapping[str, Any], wished: Sequence[str] | None) -> list[str]:
    """The names of the hidden layers, in order."""
    hidden = sorted((name for name in arrays if _HIDDEN.fullmatch(name)), key=lambda n: int(n[1:]))
    if wished is None:
        if hidden != [f"h{number}" for number in range(1, len(hidden) + 1)]:
            raise ModelError(f"layers are missing between {listed(hidden, 12)}", hint=_HINT)
        return hidden
    for name in wished:
        if name not in hidden:
            raise ModelError(
                f"network.layers: there is no hidden layer {quoted(name)}; "
                f"there are {listed(hidden, 12) or 'none'}"
            )
    return list(wished)


def _texts(arrays: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(value) for value in arrays[name].ravel()) if name in arrays else ()
