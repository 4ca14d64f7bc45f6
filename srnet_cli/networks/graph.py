"""A network that is no stack of dense layers: its graph is run, and gives layer by layer's values.

The graph is an ONNX model whose outputs are the layers; it runs in onnxruntime, in single
precision and on one thread. Derivatives are differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from srnet_cli.arrays import blocks
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import OutputActivation
from srnet_cli.networks.opaque import OpaqueNetwork, difference_slopes
from srnet_cli.networks.sums import layer_sums
from srnet_cli.networks.trained import Array, Scaler

_ROWS = 256
_STEP = float(np.cbrt(np.finfo(np.float32).eps))


@dataclass(frozen=True)
class Feed:
    """An input of a graph.

    Attributes:
        name: of the tensor.
        shape: of one call; the first number is 0 where a call may have any number of rows.
        size: columns of a row that it takes.
        dtype: ``float32`` or ``float64``.
    """

    name: str
    shape: tuple[int, ...]
    size: int
    dtype: str = "float32"


@dataclass(frozen=True)
class Layer:
    """A layer of a graph.

    Attributes:
        name: of the tensor, an output of the graph.
        width: units of a row.
        channels: 0, or how many channels a map has whose places are averaged: each is a unit.
    """

    name: str
    width: int
    channels: int = 0


@dataclass(frozen=True)
class GraphNetwork(OpaqueNetwork):
    """A graph whose outputs are the layers; the last one goes through a linear readout.

    Attributes:
        model: an ONNX model without external data.
        feeds: its inputs; the columns of a row are shared out among them in this order.
        layers: h_1 … h_L.
        rows_per_call: how many rows the graph takes at once; 0 where any number.
        readout: (m_L, width of the last layer + 1): the outputs are linear in the last layer, the
            last column being the offsets.
        learned: how many numbers the graph has learned.
        output_activation: ``linear`` for regression, ``softmax`` for classification.
        scaler: standardisation of raw rows, or None.
    """

    model: bytes
    feeds: tuple[Feed, ...]
    layers: tuple[Layer, ...]
    rows_per_call: int
    readout: Array
    learned: int = 0
    output_activation: OutputActivation = "linear"
    scaler: Scaler | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs d, then the units of every layer: (d, m_1, …, m_L)."""
        hidden = [layer.width for layer in self.layers[:-1]]
        return (sum(feed.size for feed in self.feeds), *hidden, len(self.readout))

    def gradients(self, X: Array) -> Array:
        """Give the slopes of the outputs ∂y_o/∂x_i by central differences: (n, m_L, d).

        The graph computes in single precision, so slopes have about four digits.
        """
        return difference_slopes(self, X, _STEP)

    def check(self) -> None:
        """Check that the graph runs on a row and gives what it is said to give.

        Raises:
            ModelError: it does not.
        """
        self._check_outputs()
        self._forward(np.zeros((1, self.widths[0])))

    def _forward(self, rows: Array) -> list[Array]:
        """Give h_1 … h_L of a block of raw rows."""
        with np.errstate(over="ignore", invalid="ignore"):
            inputs = self.inputs(rows)
            step = self.rows_per_call or min(_ROWS, max(1, len(inputs)))
            calls = [self._call(inputs[block], step) for block in blocks(len(inputs), step)]
            layers = [np.concatenate(parts) for parts in zip(*calls, strict=True)]
            if [layer.shape[1] for layer in layers] != [layer.width for layer in self.layers]:
                raise ModelError("the graph gives layers of other widths than it is said to have")
            readout = self.readout
            last = layer_sums(layers[-1], readout[:, :-1]) + readout[:, -1]
            return [*layers[:-1], last]

    def _call(self, rows: Array, step: int) -> list[Array]:
        """Run the graph once on at most ``step`` rows, which are filled up to so many."""
        missing = step - len(rows)
        filled = np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows
        feeds, start = {}, 0
        for feed in self.feeds:
            part = filled[:, start : start + feed.size].astype(feed.dtype)
            shape = (len(filled), *feed.shape[1:]) if feed.shape[:1] == (0,) else feed.shape
            feeds[feed.name] = part.reshape(shape)
            start += feed.size
        activations = _run(self.model, [layer.name for layer in self.layers], feeds)
        return [
            _units(values, step, layer)[: len(rows)]
            for values, layer in zip(activations, self.layers, strict=True)
        ]


def run_session(model: bytes) -> Any:
    """A session of onnxruntime for a model, on one thread.

    Raises:
        ModelError: onnxruntime is missing, or does not take the model.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            "a network that is no stack of dense layers needs the package onnxruntime",
            hint="pip install 'srnet[onnx]'",
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no type
        raise ModelError(f"onnxruntime does not take the graph: {_reason(error)}") from error


@lru_cache(maxsize=4)
def _session(model: bytes) -> Any:
    return run_session(model)


def _run(model: bytes, names: list[str], feeds: dict[str, Any]) -> list[Any]:
    try:
        return list(_session(model).run(names, feeds))
    except ModelError:
        raise
    except Exception as error:  # its exceptions share no type
        raise ModelError(f"the graph cannot be run: {_reason(error)}") from error


def _units(values: Any, rows: int, layer: Layer) -> Array:
    """The values of a call as units, (rows, width)."""
    if np.size(values) % rows:
        raise ModelError(
            f"the graph gives {np.size(values)} values of a layer for {rows} rows: it does not "
            "take each row by itself",
            hint="export the network with the rows along the first axis, and leave network.layers "
            "and network.maps out where it is a stack of dense layers",
        )
    flat = np.asarray(values, dtype=np.float64).reshape(rows, -1)
    return flat.reshape(rows, layer.channels, -1).mean(axis=2) if layer.channels else flat


def _reason(error: Exception) -> str:
    from srnet_cli.datasets.suggest import clip

    return clip(str(error).rpartition(" : ")[2] or str(error), 160)
