"""Keras: ``.keras`` archives and whole models in ``.h5``, read without Keras.

The layers stand in JSON, the weights in HDF5, see ``keras_weights``. Layers that hold code, such as
Lambda, are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from srnet_cli.config.activation_names import ActivationName
from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.archive import opened
from srnet_cli.networks.readers.keras_weights import KerasStore, Layer, Weights
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes, require
from srnet_cli.networks.readers.plain_json import parse_json
from srnet_cli.networks.readers.stack import Stack
from srnet_cli.networks.readers.trial_reading import try_reading
from srnet_cli.networks.trained import Array

_MAX_CONFIG = 1 << 23
_MAX_LAYERS = 1000
_NAMES = {
    "linear": "linear",
    "relu": "relu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "softmax": "softmax",
    "softplus": "softplus",
    "softsign": "softsign",
    "elu": "elu",
    "selu": "selu",
    "gelu": "gelu",
    "silu": "silu",
    "swish": "silu",
    "mish": "mish",
    "relu6": "relu6",
    "leaky_relu": "leaky_relu(0.2)",
    "hard_sigmoid": "hard_sigmoid",
    "hard_silu": "hard_swish",
    "hard_swish": "hard_swish",
    "hard_tanh": "hard_tanh",
    "exponential": "exp",
}
_NOTHING = (
    *("InputLayer", "Dropout", "Flatten", "GaussianNoise", "GaussianDropout", "AlphaDropout"),
    *("ActivityRegularization", "Reshape", "Identity"),
)


def read(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read a stack of dense layers.

    Raises:
        ModelError: the file is damaged, or holds other layers.
    """
    h5py = require("h5py", "keras", "a Keras file")
    try_reading(lambda: _read(h5py, file), len(file.data))
    return _read(h5py, file)


def _read(h5py: Any, file: NetworkFile) -> LoadedNetwork:
    if file.data.startswith(b"PK"):
        with opened(file.data, "Keras") as archive:
            config = _json(archive.read("config.json", _MAX_CONFIG))
            data = archive.read("model.weights.h5")
        with KerasStore(h5py, data) as store:
            return _loaded(config, store.weights_of_archive(), is_new=True)
    with KerasStore(h5py, file.data) as store:
        return _loaded(_json(store.description()), store.weights_of_model, is_new=False)


def _json(text: bytes | str) -> Any:
    try:
        return parse_json(text.encode() if isinstance(text, str) else text)
    except ValueError as error:
        raise ModelError("the file's list of layers is damaged") from error


def _loaded(config: Any, weights: Weights, *, is_new: bool) -> LoadedNetwork:
    try:
        layers = _in_order(config)
        stack, shape = Stack(), _input_shape(layers)
        for layer in layers:
            _add(layer, weights, stack, is_new)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise ModelError("the file's list of layers is damaged") from error
    network = stack.network()
    return LoadedNetwork(
        network,
        "Keras",
        layers=tuple(stack.names),
        shape=shape if len(shape) > 1 else (),
        notes=tuple(stack.notes),
        says_output=stack.ends_in_softmax,
    )


def _in_order(config: Any) -> list[Layer]:
    """The layers of a model, each of which reads the one before it."""
    kind = config["class_name"]
    layers = config["config"]
    layers = layers if isinstance(layers, list) else layers["layers"]
    if kind not in ("Sequential", "Functional", "Model"):
        raise ModelError(
            f"the file holds a {quoted(kind)}, a class of its maker's",
            hint="a Sequential or functional model can be read; others can be exported as ONNX",
        )
    if not isinstance(layers, list) or len(layers) > _MAX_LAYERS:
        raise ModelError(f"the model has no list of at most {_MAX_LAYERS} layers")
    if kind != "Sequential":
        _check_chain(layers)
    return layers


def _check_chain(layers: Sequence[Layer]) -> None:
    """Check that every layer of a functional model reads the one before it and no other."""
    before = None
    for layer in layers:
        names = list(_sources(layer.get("inbound_nodes", [])))
        if names != ([] if before is None else [before]):
            raise ModelError(
                f"the layer {quoted(layer['config']['name'])} does not read the layer before it "
                "alone: the model has branches",
                hint="export it as ONNX with model.export(path, format='onnx')",
            )
        before = layer["config"]["name"]


def _sources(nodes: Any) -> Iterator[str]:
    """Names of the layers that a layer reads, in either way of writing."""
    if isinstance(nodes, dict):
        history = nodes.get("config", {}).get("keras_history") if "config" in nodes else None
        if history:
            yield history[0]
            return
        nodes = list(nodes.values())
    if isinstance(nodes, list):
        if len(nodes) >= 3 and isinstance(nodes[0], str) and isinstance(nodes[1], int):
            yield nodes[0]
            return
        for node in nodes:
            if isinstance(node, dict | list):
                yield from _sources(node)


def _input_shape(layers: Sequence[Layer]) -> tuple[int, ...]:
    for layer in layers:
        own = layer["config"]
        shape = own.get("batch_shape") or own.get("batch_input_shape")
        if shape:
            return tuple(int(size) for size in shape[1:] if size is not None)
    return ()


def _add(layer: Layer, weights: Weights, stack: Stack, is_new: bool) -> None:
    kind, own = layer["class_name"], layer["config"]
    name = str(own.get("name", kind))
    if kind in _NOTHING:
        return
    if kind == "Dense":
        arrays = weights(layer)
        kernel = _matrix(arrays, name)
        bias = arrays[1] if own.get("use_bias", True) else np.zeros(kernel.shape[1])
        stack.dense(kernel.T.copy(), bias, name)
        _activate(own.get("activation", "linear"), own, stack, name, is_new)
    elif kind == "Activation":
        _activate(own["activation"], own, stack, name, is_new)
    elif kind in _ACTIVATION_LAYERS:
        stack.activate(_ACTIVATION_LAYERS[kind](own), name)
    elif kind == "BatchNormalization":
        stack.scale(*_normalisation(own, weights(layer), name), name)
    elif kind == "Normalization":
        stack.scale(*_standardisation(own, weights(layer), name), name)
    elif kind == "Rescaling":
        factor, offset = np.asarray(own["scale"], float), np.asarray(own.get("offset", 0.0), float)
        _rescale(factor, offset, stack, name)
    else:
        code = (
            "holds code of its maker's, which is never run" if kind == "Lambda" else "is not read"
        )
        raise ModelError(
            f"the layer {quoted(name)} is a {quoted(kind)}, which {code}",
            hint="export the model as ONNX with model.export(path, format='onnx')",
        )


def _matrix(arrays: Sequence[Array], name: str) -> Array:
    if not arrays or arrays[0].ndim != 2:
        raise ModelError(f"the weights of the layer {quoted(name)} are missing, or no matrix")
    return arrays[0]


def _activate(setting: Any, own: Layer, stack: Stack, name: str, is_new: bool) -> None:
    text = setting.get("class_name") if isinstance(setting, dict) else setting
    if isinstance(setting, dict) and setting.get("class_name") == "function":
        text = setting.get("config")
    if text is None:
        return
    activation = _NAMES.get(str(text))
    if activation is None:
        raise ModelError(
            f"the layer {quoted(name)} has the activation {quoted(text)}, unknown here"
        )
    if activation == "hard_sigmoid" and not is_new:
        activation = "hard_sigmoid(0.2, 0.5)"  # until Keras 3
    stack.activate(activation, name)


def _relu(own: Layer) -> str:
    slope = float(own.get("negative_slope", own.get("alpha", 0.0)) or 0.0)
    most, threshold = own.get("max_value"), float(own.get("threshold", 0.0) or 0.0)
    if threshold or (most is not None and slope):
        raise ModelError("a ReLU with a threshold, or with a limit and a slope, is not read")
    if most is not None:
        return str(ActivationName("hard_tanh", (0.0, float(most))))
    return str(ActivationName("leaky_relu", (slope,))) if slope else "relu"


def _softmax(own: Layer) -> str:
    if own.get("axis", -1) not in (-1, 1):
        raise ModelError("a softmax over another axis than the last")
    return "softmax"


_ACTIVATION_LAYERS: dict[str, Callable[[Layer], str]] = {
    "ReLU": _relu,
    "LeakyReLU": lambda own: str(
        ActivationName("leaky_relu", (float(own.get("negative_slope", own.get("alpha", 0.3))),))
    ),
    "ELU": lambda own: str(ActivationName("elu", (float(own.get("alpha", 1.0)),))),
    "Softmax": _softmax,
}


def _normalisation(own: Layer, arrays: Sequence[Array], name: str) -> tuple[Array, Array]:
    remaining = list(arrays)
    count = 2 + bool(own.get("scale", True)) + bool(own.get("center", True))
    if len(remaining) != count:
        raise ModelError(f"the layer {quoted(name)} has {len(remaining)} arrays, it needs {count}")
    gamma = remaining.pop(0) if own.get("scale", True) else 1.0
    beta = remaining.pop(0) if own.get("center", True) else 0.0
    mean, variance = remaining
    factor = gamma / np.sqrt(variance + float(own.get("epsilon", 1e-3)))
    return np.asarray(factor), np.asarray(beta - factor * mean)


def _standardisation(own: Layer, arrays: Sequence[Array], name: str) -> tuple[Array, Array]:
    if own.get("invert"):
        raise ModelError(f"the layer {quoted(name)} undoes a scaling, which is not read")
    if own.get("mean") is not None:
        mean, variance = (np.asarray(own[key], dtype=float) for key in ("mean", "variance"))
    else:
        mean, variance = arrays[0], arrays[1]
    deviation = np.maximum(np.sqrt(variance.reshape(-1)), 1e-7)  # Keras's own least divisor
    return 1.0 / deviation, -mean.reshape(-1) / deviation


def _rescale(factor: Array, offset: Array, stack: Stack, name: str) -> None:
    """A rescaling before the first layer waits for the number of inputs."""
    if not stack.weights and factor.ndim == 0:
        raise ModelError(
            f"the layer {quoted(name)} rescales before the number of inputs is known",
            hint="give the inputs already rescaled, or export the model as ONNX",
        )
    stack.scale(factor, offset, name)
