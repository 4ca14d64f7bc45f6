"""Whether dense layers give what onnxruntime gives for the graph they were made from."""

from __future__ import annotations

import numpy as np

from srnet_cli.arrays import blocks
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import softmax
from srnet_cli.networks.graph import run_session
from srnet_cli.networks.network import Network
from srnet_cli.networks.readers.onnx.folding.folder import Folded
from srnet_cli.networks.readers.onnx.graph import Port
from srnet_cli.networks.readers.onnx.models import with_outputs
from srnet_cli.networks.readers.onnx.request import Form, Request
from srnet_cli.networks.readers.onnx.runnable import check_operators
from srnet_cli.networks.readers.onnx.sizes import tensor_shapes
from srnet_cli.networks.trained import Array

_TESTED_ROWS = 4
_TOLERANCE = 1e-4  # of the largest output


def is_confirmed(request: Request, port: Port, form: Form, folded: Folded) -> bool:
    """Whether onnxruntime gives the same on random rows; true where it cannot be asked.

    Args:
        request: the graph and its output.
        port: its input.
        form: how rows go in.
        folded: the layers.
    """
    if not _has_onnxruntime():
        return True
    network = folded.network
    rows = _random_rows(network, form.rows if form.rows > 1 else _TESTED_ROWS)
    expected = _reference(request, port, form, rows)
    if expected is None:
        return True
    if not expected.size:
        return False
    outputs = network.predict(rows)
    if folded.is_softmax:
        outputs = softmax(outputs)
        if (expected <= 0).all():
            expected = np.exp(expected)
    if outputs.shape != expected.shape or not np.isfinite(expected).all():
        return outputs.shape == expected.shape
    size = np.abs(expected).max(initial=1e-3)
    return bool(np.abs(outputs - expected).max(initial=0.0) <= _TOLERANCE * size)


def _has_onnxruntime() -> bool:
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        return False
    return True


def _random_rows(network: Network, count: int) -> Array:
    """Raw rows that are the same in single precision."""
    rng = np.random.default_rng(0)
    rows = _single(rng.uniform(-1.0, 1.0, (count, network.widths[0])))
    if network.scaler is None:
        return rows
    return _single(rows * network.scaler.scale + network.scaler.mean)


def _single(rows: Array) -> Array:
    return rows.astype(np.float32).astype(np.float64)


def _reference(request: Request, port: Port, form: Form, rows: Array) -> Array | None:
    """What onnxruntime gives for raw rows; None where the graph cannot be run here."""
    model = with_outputs(request.graph, [request.output.name])
    try:
        return _outputs(model, request, port, form, rows) if _is_runnable(request) else None
    except Exception:  # whatever onnxruntime cannot do, it does not confirm anything
        return None


def _outputs(model: bytes, request: Request, port: Port, form: Form, rows: Array) -> Array:
    """The outputs of a model; empty where its rows are no rows of a batch."""
    session = run_session(model)
    dtype = np.float64 if "double" in session.get_inputs()[0].type else np.float32
    shape = tuple(1 if size is None else size for size in port.shape or ())
    step = form.rows
    parts = []
    for block in blocks(len(rows), step):
        feed = rows[block].astype(dtype).reshape(shape)
        output = np.asarray(session.run([request.output.name], {port.name: feed})[0])
        if step > 1 and output.shape[:1] != (step,):
            return np.empty((0, 0))
        parts.append(output.astype(np.float64).reshape(step, -1))
    return np.concatenate(parts)


def _is_runnable(request: Request) -> bool:
    try:
        check_operators(request.graph)
        tensor_shapes(request.graph)
    except ModelError:
        return False
    return True
