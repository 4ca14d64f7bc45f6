"""The layout every network file shares: which arrays it holds and what they mean.

``weight1, bias1, weight2, bias2 …`` are the layers, weights of shape (units, inputs), biases of
shape (units,). ``input_mean`` and ``input_scale``, each (inputs,), are the standardisation of raw
rows, where there is one. ``X`` and ``y``, the rows a network was trained on, may lie beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import Activation, OutputActivation
from srnet_cli.networks.network import Array, Network, Scaler
from srnet_cli.networks.trained import TrainedNetwork

MAX_BYTES = 1 << 30
"""The most a network file, or its arrays when unpacked, may take: 1 GiB."""

MAX_ARRAYS = 10_000
"""The most arrays a network file may hold."""

IGNORED = frozenset({"X", "y"})
"""Arrays that may lie beside the network's and are never read."""

SCALING = ("input_mean", "input_scale")
_LAYER = re.compile(r"(weight|bias)([1-9][0-9]{0,5})")


@dataclass(frozen=True)
class Facts:
    """What a file says about its network beside the numbers; None where it does not say."""

    activation: Activation | tuple[Activation, ...] | None = None
    output_activation: OutputActivation | None = None


@dataclass(frozen=True)
class Contents:
    """What a loader finds in a file.

    Attributes:
        arrays: the arrays by name, without those of ``IGNORED``; names passed ``check_names``.
        facts: what the file says about the network, empty where it says nothing.
    """

    arrays: Mapping[str, Array]
    facts: Facts = Facts()


def arrays_of(network: Network) -> dict[str, Array]:
    """Name the arrays of a network, C-contiguous."""
    arrays = {f"weight{i}": weight for i, weight in enumerate(network.weights, 1)}
    arrays |= {f"bias{i}": bias for i, bias in enumerate(network.biases, 1)}
    arrays |= scaling_arrays(network)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def scaling_arrays(network: TrainedNetwork) -> dict[str, Array]:
    """The arrays of a network's scaling, by name; none where it has no scaling."""
    if network.scaler is None:
        return {}
    scaling = (network.scaler.mean, network.scaler.scale)
    return {key: np.ascontiguousarray(a) for key, a in zip(SCALING, scaling, strict=True)}


def network_of(
    contents: Contents,
    activation: Activation | tuple[Activation, ...],
    output_activation: OutputActivation | None,
) -> Network:
    """Put a network together from named arrays, and check it.

    Args:
        contents: what the file holds.
        activation: of the hidden layers, or of every layer, where the file does not say.
        output_activation: what the task asks for; None takes the file's word, else linear.

    Raises:
        ModelError: arrays are missing, unknown or do not fit, or the file contradicts the task.
    """
    arrays, facts = contents.arrays, contents.facts
    layers = range(1, _count_layers(arrays) + 1)
    network = Network(
        weights=tuple(arrays[f"weight{layer}"] for layer in layers),
        biases=tuple(arrays[f"bias{layer}"] for layer in layers),
        activation=facts.activation or activation,
        output_activation=_output_activation(facts.output_activation, output_activation),
        scaler=scaler_of(arrays),
    )
    network.check()
    return network


def check_names(names: Iterable[str]) -> None:
    """Check that a file holds no array that the layout does not know.

    Raises:
        ModelError: it does; leaving out, say, a normalisation would give another network.
    """
    for name in names:
        if name not in IGNORED and name not in SCALING and not _LAYER.fullmatch(name):
            raise ModelError(
                f"unknown array {quoted(name)}; expected weight1, bias1, weight2, bias2 …",
                hint="only dense layers can be read: weights (units, inputs) and biases (units,), "
                "numbered from 1, as numpy.savez(path, weight1=…, bias1=…) names them",
            )


def as_float64(name: str, array: NDArray[np.generic]) -> Array:
    """Convert floating-point numbers of any size, and nothing else, to float64.

    Raises:
        ModelError: the array holds something else.
    """
    if array.dtype.kind != "f":
        raise wrong_type(name, str(array.dtype))
    with np.errstate(over="ignore"):
        return array.astype(np.float64, order="C")


def wrong_type(name: str, dtype: str) -> ModelError:
    """Say that an array holds something else than numbers that can be read."""
    return ModelError(
        f"array {quoted(name)} holds {quoted(dtype)}; expected float16, float32 or float64",
        hint="convert weights and biases before saving them",
    )


def _count_layers(arrays: Mapping[str, Array]) -> int:
    numbers = [int(match[2]) for name in arrays if (match := _LAYER.fullmatch(name))]
    if not numbers:
        raise ModelError(
            "no layers found; expected arrays weight1, bias1, weight2, bias2 …",
            hint="weights have the shape (units, inputs), biases (units,)",
        )
    for layer in range(1, max(numbers) + 1):
        for name in (f"weight{layer}", f"bias{layer}"):
            if name not in arrays:
                raise ModelError(
                    f"array '{name}' is missing; the arrays go up to layer {max(numbers)}",
                    hint="every layer from 1 to the last needs weights and biases",
                )
    return max(numbers)


def scaler_of(arrays: Mapping[str, Array]) -> Scaler | None:
    """The scaling that arrays name, None where there is none.

    Raises:
        ModelError: one of its two arrays is missing.
    """
    mean, scale = (arrays.get(name) for name in SCALING)
    if mean is None and scale is None:
        return None
    if mean is None or scale is None:
        raise ModelError("the arrays 'input_mean' and 'input_scale' only make sense together")
    return Scaler(mean, scale)


def _output_activation(
    in_file: OutputActivation | None, for_task: OutputActivation | None
) -> OutputActivation:
    if in_file and for_task and in_file != for_task:
        raise ModelError(
            f"the file says that the output is {in_file}, the task asks for {for_task}",
            hint="set dataset.task to classification for softmax, to regression for linear",
        )
    return in_file or for_task or "linear"
