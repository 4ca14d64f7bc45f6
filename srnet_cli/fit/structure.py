"""Structure read off the network, and what a direct search is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Dataset, Domain
from srnet_cli.evolution.direct import Hints
from srnet_cli.evolution.problem import direct_outputs
from srnet_cli.expressions.names import Names
from srnet_cli.networks import TrainedNetwork
from srnet_cli.networks.quality import NetworkQuality, RegressionQuality
from srnet_cli.rng import stream
from srnet_cli.structure import Structure, find_sketches, find_structure
from srnet_cli.structure.findings import Irrelevant, Profile
from srnet_cli.structure.postfix import postfix

Array = NDArray[np.float64]

_ROWS = 3_000_000
_MULTIPLICATIONS = 3e9
"""The network is asked at most so often as takes a second or two."""

_FEWEST_ROWS = 10_000
_SKETCHES = 8
_NOTHING = 1e-9


@dataclass(frozen=True)
class KnownStructure:
    """What was found out about a network's direct outputs, see ``problem.direct_outputs``.

    Attributes:
        structure: the properties with their evidence.
        hints: what a direct search is told, per output.
    """

    structure: Structure
    hints: tuple[Hints, ...]


def known_structure(
    dataset: Dataset,
    network: TrainedNetwork,
    quality: NetworkQuality | None,
    functions: Sequence[str],
    seed: int,
) -> KnownStructure:
    """Ask a network for its structure.

    Args:
        dataset: gives the domain, or rows, and the inputs' names.
        network: the network.
        quality: what it is worth, where that is known: no property can hold more exactly.
        functions: names of those that formulas may use.
        seed: of the experiment.
    """
    deviation = None
    worth = quality.r2 if isinstance(quality, RegressionQuality) else None
    if worth is not None and 0.0 < worth < 1.0:
        deviation = 1.0 - worth
    where = dataset.train.X if dataset.domain is None else dataset.domain
    names = [symbol.name for symbol in Names(tuple(dataset.features)).symbols]
    return structure_of(network, where, names, functions, seed, deviation)


def structure_of(
    network: TrainedNetwork,
    where: Domain | Array,
    names: Sequence[str],
    functions: Sequence[str],
    seed: int,
    deviation: float | None = None,
) -> KnownStructure:
    """Ask a network for its structure.

    Args:
        network: the network.
        where: the domain, or rows, (n, d).
        names: of the inputs, as printed.
        functions: names of those that formulas may use.
        seed: of random numbers.
        deviation: 1−R² of the network to what it has learned, where that is known.
    """
    has_classes = network.output_activation == "softmax"

    def outputs(X: Array) -> Array:
        return direct_outputs(network.predict(X), has_classes)

    def slopes(X: Array) -> Array:
        gradients = network.gradients(X)
        is_halved = has_classes and gradients.shape[1] == 2
        return gradients[:, 1:] - gradients[:, :1] if is_halved else gradients

    budget, plain = _budget(network), tuple(f"x{i}" for i in range(len(names)))
    structure = find_structure(
        outputs,
        slopes,
        where,
        names,
        stream(seed, "structure"),
        deviation=deviation,
        budget=budget // 10,
    )
    sketches = find_sketches(outputs, slopes, where, plain, stream(seed, "sketches"), budget=budget)
    by_output: list[list[tuple[int | float | str, ...]]] = [[] for _ in range(structure.outputs)]
    for sketch in sketches:
        steps = postfix(sketch.inner, plain, functions)
        if steps is not None and len(by_output[sketch.output]) < _SKETCHES:
            by_output[sketch.output].append(steps)
    hints = tuple(
        Hints(
            irrelevant=_irrelevant(structure, output),
            exponents=_exponents(structure, output),
            sketches=tuple(by_output[output]),
        )
        for output in range(structure.outputs)
    )
    return KnownStructure(structure, hints)


def _budget(network: TrainedNetwork) -> int:
    """How many rows the network can be asked at in a moment."""
    widths = network.widths
    cost = sum(a * b for a, b in pairwise(widths))
    return int(np.clip(_MULTIPLICATIONS / cost, _FEWEST_ROWS, _ROWS))


def _irrelevant(structure: Structure, output: int) -> tuple[int, ...]:
    """The inputs without any effect; what matters a little may matter to a faithful formula."""
    findings = [f for f in structure.of_output(output) if isinstance(f, Irrelevant)]
    return tuple(i for f in findings if f.score < _NOTHING for i in f.inputs)


def _exponents(structure: Structure, output: int) -> tuple[float | None, ...]:
    """Exponents of the inputs that the output is proportional to a power of."""
    powers = {
        profile.inputs[0]: profile.rate
        for profile in structure.profiles(output)
        if isinstance(profile, Profile) and profile.is_proportional
    }
    return tuple(powers.get(i) for i in range(len(structure.names))) if powers else ()
