"""``.nnet``: Julian's text format of collision avoidance networks.

Comments begin with ``//``. Then, as lines of numbers divided by commas: how many layers, inputs,
outputs and units of the widest layer there are; the width of every layer, the inputs first; a flag
without meaning; minima and maxima of the inputs; means and ranges of the inputs, the last entry
being that of all outputs; then per layer the weights, a line per unit, and the biases, a line each.
Hidden layers are ReLU, the output is linear. Inputs are cut off at their limits, taken less the
mean and divided by the range; outputs are multiplied by their range, and their mean is added.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from srnet_cli.errors import ModelError
from srnet_cli.networks.network import Network
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes
from srnet_cli.networks.trained import Array, Scaler

_MAX_LAYERS = 1000
_MAX_WIDTH = 100_000
_MAX_LINE = 30 * _MAX_WIDTH


def read(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read a network with its input scaling and its domain, in the inputs' own units.

    Raises:
        ModelError: the text is damaged, or no network.
    """
    lines = _lines(file.data)
    count, inputs, outputs, *_ = [
        *_integers(lines, "numbers of layers, inputs and outputs"),
        *(0, 0, 0),
    ]
    widths = _integers(lines, "widths of the layers")[: count + 1]
    _check_widths(count, inputs, outputs, widths)
    next(lines, None)
    low, high = (_numbers(lines, inputs, what) for what in ("minima", "maxima"))
    means = _numbers(lines, inputs + 1, "means", spare=True)
    ranges = _numbers(lines, inputs + 1, "ranges", spare=True)
    weights, biases = [], []
    for number, (before, units) in enumerate(pairwise(widths), 1):
        rows = [_numbers(lines, before, f"weights of layer {number}") for _ in range(units)]
        weights.append(np.array(rows))
        biases.append(np.array([_numbers(lines, 1, f"biases of layer {number}")[0] for _ in rows]))
    weights[-1], biases[-1] = weights[-1] * ranges[-1], biases[-1] * ranges[-1] + means[-1]
    network = Network(
        tuple(weights), tuple(biases), "relu", scaler=Scaler(means[:-1].copy(), ranges[:-1].copy())
    )
    network.check()
    names = tuple(f"x{number}" for number in range(inputs))
    is_box = bool(np.all(low < high))
    box = dict(zip(names, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    return LoadedNetwork(
        network,
        ".nnet",
        inputs=(),
        domain=box if is_box else None,
        layers=(*[f"layer {number}" for number in range(1, count)], "output"),
        notes=(
            "means and ranges of the header are the input scaling, and are folded into the output",
            "hidden layers are ReLU, as the format has it; "
            "its limits of the inputs are the domain, beyond which they are not cut off here",
        ),
    )


def _lines(data: bytes) -> Iterator[list[str]]:
    for line in io.BytesIO(data):
        if len(line) > _MAX_LINE or not line.isascii():
            raise ModelError("not a .nnet file: it is no plain text, or a line is too long")
        if line.strip() and not line.startswith(b"//"):
            yield [part for part in line.decode("ascii").split(",") if part.strip()]


def _integers(lines: Iterator[list[str]], what: str) -> list[int]:
    try:
        return [int(part) for part in next(lines)]
    except (StopIteration, ValueError) as error:
        raise ModelError(f"not a whole .nnet file: the {what} cannot be read") from error


def _numbers(lines: Iterator[list[str]], count: int, what: str, *, spare: bool = False) -> Array:
    """A line of so many numbers; where ``spare``, more may follow."""
    try:
        parts = next(lines)
        values = np.array([float(part) for part in parts])
    except (StopIteration, ValueError) as error:
        raise ModelError(f"not a whole .nnet file: the {what} cannot be read") from error
    if len(values) < count or (len(values) > count and not spare):
        raise ModelError(f"the {what} are {len(values)} numbers where there should be {count}")
    return values[:count]


def _check_widths(count: int, inputs: int, outputs: int, widths: list[int]) -> None:
    sensible = 1 <= count <= _MAX_LAYERS and all(1 <= width <= _MAX_WIDTH for width in widths)
    if not sensible or len(widths) != count + 1 or (widths[0], widths[-1]) != (inputs, outputs):
        raise ModelError(
            f"the header's widths do not fit: {count} layers, {inputs} inputs, {outputs} outputs, "
            f"widths {', '.join(map(str, widths[:20]))}"
        )
