"""From the tensors of a PyTorch state dict, ``fc1.weight``, ``fc1.bias`` …, to a stack of layers.

A state dict says nothing of activations, and little of the order: what it does not say has to stand
in the config, and what it cannot say is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.suggest import clip, listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.network import Network
from srnet_cli.networks.readers.loaded import LoadedNetwork, Wishes
from srnet_cli.networks.trained import Array, Scaler

Tensors = Mapping[str, NDArray[Any]]
"""By name."""

_EPSILON = 1e-5  # PyTorch's default of batch normalisation, which a state dict does not hold
MAX_TENSORS = 10_000
"""The most tensors that a file may hold."""

_MOST_TRIED = 8
_ASK = "set network.activation, such as relu or tanh; a list gives one per layer, the output's last"


@dataclass(frozen=True)
class _Part:
    """What stands under one name in a state dict.

    Attributes:
        name: without ``.weight``.
        tensors: by the last word of their names.
    """

    name: str
    tensors: Tensors

    @property
    def is_dense(self) -> bool:
        """Whether it is a dense layer."""
        return "weight" in self.tensors and self.tensors["weight"].ndim == 2

    @property
    def is_normalisation(self) -> bool:
        """Whether it is a batch normalisation."""
        return "running_mean" in self.tensors and "running_var" in self.tensors

    @property
    def shape(self) -> tuple[int, int]:
        """Inputs and units of a dense layer."""
        units, inputs = self.tensors["weight"].shape
        return inputs, units


def numbers_first(tensors: Tensors) -> dict[str, NDArray[Any]]:
    """Tensors in the natural order of their names: ``2.weight`` before ``10.weight``."""

    def place(name: str) -> list[tuple[int, int, str]]:
        words = re.findall(r"[0-9]+|[^0-9]+", name)
        return [(0, int(w[:18]), "") if w.isdigit() else (1, 0, w) for w in words]

    return {name: tensors[name] for name in sorted(tensors, key=place)}


def network_of_state(
    tensors: Tensors,
    wishes: Wishes,
    kind: str,
    *,
    is_ordered: bool,
    activations: Sequence[str] | None = None,
    remark: str = "",
) -> LoadedNetwork:
    """Make a network of the tensors of a state dict.

    Args:
        tensors: by name; weights are (units, inputs).
        wishes: names of the layers, and their activations, where the config has them.
        kind: the format.
        is_ordered: whether the tensors are in the order of the layers.
        activations: of every layer, where the file says them.
        remark: a hint for the case that the activation is asked for.

    Raises:
        ModelError: the tensors are no stack of dense layers, or something has to be asked.
    """
    parts = _parts(tensors)
    chosen = _chosen(parts, wishes.layers, is_ordered)
    dense = [part for part in chosen if part.is_dense]
    activation = _activation(wishes, activations, len(dense), remark)
    weights, biases, scaler = _folded(chosen)
    network = Network(tuple(weights), tuple(biases), activation, scaler=scaler)
    network.check()
    notes = [f"layers in the order {listed([part.name for part in dense], 12)}"]
    if any(part.is_normalisation for part in chosen):
        notes.append(
            f"batch normalisation is folded into the layer before it (epsilon {_EPSILON:g}, "
            "PyTorch's default)"
        )
    taken = {part.name for part in chosen}
    left_out = [part.name for part in parts if part.name not in taken]
    if left_out:
        notes.append(f"left out: {listed(left_out, 8)}")
    return LoadedNetwork(
        network, kind, layers=tuple(part.name for part in dense), notes=tuple(notes)
    )


def _parts(tensors: Tensors) -> list[_Part]:
    groups: dict[str, dict[str, NDArray[Any]]] = {}
    for name, tensor in tensors.items():
        owner, _, word = name.rpartition(".")
        if word != "num_batches_tracked":
            groups.setdefault(owner, {})[word] = tensor
    parts = [_Part(name, group) for name, group in groups.items()]
    if not any(part.is_dense for part in parts):
        raise ModelError(
            "no dense layer found: no tensor named '….weight' of shape (units, inputs)",
            hint="weights and biases are saved by torch.save(model.state_dict(), path)",
        )
    return parts


def _chosen(
    parts: Sequence[_Part], layers: Sequence[str] | None, is_ordered: bool
) -> Sequence[_Part]:
    if layers is not None:
        known = {part.name: part for part in parts}
        for name in layers:
            if name.removesuffix(".weight") not in known:
                raise ModelError(
                    f"network.layers: there is no layer {quoted(name)}; "
                    f"there are {listed(list(known), 12)}"
                )
        chosen = [known[name.removesuffix(".weight")] for name in layers]
    else:
        chosen = list(parts)
        if not is_ordered:
            chosen = _ordered(chosen)
    for part in chosen:
        _check_part(part)
    if not _chains([part for part in chosen if part.is_dense]):
        shapes = [f"{p.name} ({p.shape[0]} → {p.shape[1]})" for p in chosen if p.is_dense]
        raise ModelError(
            f"the layers do not fit on each other as they stand: {listed(shapes, 12)}",
            hint="network.layers names those that make the network, in order, such as "
            f"layers: [{clip(chosen[0].name)}, …, {clip(chosen[-1].name)}]",
        )
    return chosen


def _check_part(part: _Part) -> None:
    if part.is_dense or part.is_normalisation:
        return
    shapes = [f"{word} {tensor.shape}" for word, tensor in part.tensors.items()]
    raise ModelError(
        f"{quoted(part.name)} is no dense layer: {listed(shapes, 4)}",
        hint="network.layers leaves it out where it is not used; else export the network as ONNX",
    )


def _ordered(parts: Sequence[_Part]) -> list[_Part]:
    """Layers whose names are numbered alike, in that order; others only if shapes leave no choice.

    Raises:
        ModelError: there are several ways to put them together.
    """
    dense = [part for part in parts if part.is_dense]
    patterns = {re.sub(r"[0-9]+", "#", part.name) for part in parts}
    if len(patterns) == 1 or len(dense) == 1:
        return list(parts)
    ways = list(_ways(dense)) if len(dense) == len(parts) <= _MOST_TRIED else []
    if len(ways) != 1:
        raise ModelError(
            f"the file does not say the order of its layers: {listed([p.name for p in parts], 12)}",
            hint="network.layers names them in order, such as "
            f"layers: [{', '.join(clip(part.name) for part in dense[:8])}]",
        )
    return list(ways[0])


def _ways(parts: Sequence[_Part]) -> Iterator[tuple[_Part, ...]]:
    """Every order in which dense layers fit on each other, all of them used."""

    def extended(chain: tuple[_Part, ...]) -> Iterator[tuple[_Part, ...]]:
        if len(chain) == len(parts):
            yield chain
        for part in parts:
            if part not in chain and (not chain or chain[-1].shape[1] == part.shape[0]):
                yield from extended((*chain, part))

    return extended(())


def _chains(parts: Sequence[_Part]) -> bool:
    return all(before.shape[1] == after.shape[0] for before, after in pairwise(parts))


def _activation(
    wishes: Wishes, in_file: Sequence[str] | None, layers: int, remark: str
) -> str | tuple[str, ...]:
    if in_file is not None:
        return tuple(in_file)
    if wishes.activation is None and layers > 1:
        raise ModelError(
            f"the file holds weights, and does not say the activation{remark}", hint=_ASK
        )
    return wishes.activation or "linear"


def _folded(parts: Sequence[_Part]) -> tuple[list[Array], list[Array], Scaler | None]:
    """Weights and biases with batch normalisations folded in."""
    weights: list[Array] = []
    biases: list[Array] = []
    scaler = None
    for part in parts:
        if part.is_dense:
            weight = part.tensors["weight"].astype(np.float64)
            weights.append(weight)
            bias = part.tensors.get("bias", np.zeros(len(weight)))
            biases.append(bias.astype(np.float64))
            continue
        factor, offset = _normalisation(part)
        width = len(biases[-1]) if biases else _inputs_of(parts)
        if factor.shape != (width,) or offset.shape != (width,):
            raise ModelError(f"{quoted(part.name)} does not fit on the layer before it")
        if not weights:
            if scaler is not None or not (factor > 0).all():
                raise ModelError(f"{quoted(part.name)} cannot be folded into an input scaling")
            scaler = Scaler(-offset / factor, 1.0 / factor)
            continue
        weights[-1] = weights[-1] * factor[:, None]
        biases[-1] = biases[-1] * factor + offset
    return weights, biases, scaler


def _inputs_of(parts: Sequence[_Part]) -> int:
    """Inputs of the first dense layer."""
    return next(part.shape[0] for part in parts if part.is_dense)


def _normalisation(part: _Part) -> tuple[Array, Array]:
    """Factor and offset of a batch normalisation in use."""
    mean, variance = (part.tensors[f"running_{word}"].astype(float) for word in ("mean", "var"))
    scale = part.tensors.get("weight", np.ones_like(mean)).astype(np.float64)
    bias = part.tensors.get("bias", np.zeros_like(mean)).astype(np.float64)
    with np.errstate(all="ignore"):
        factor = scale / np.sqrt(variance + _EPSILON)
    return factor, bias - factor * mean
