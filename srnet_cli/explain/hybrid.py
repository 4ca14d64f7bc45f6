"""``srnet explain --hybrid``: formulas in place of layers of the network, and what that costs.

Of a network with L layers, the formulas of one or more take the place of these layers, and the rest
stays the network's: the first k (a prefix), the last (a suffix), one alone, and all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import UsageError
from srnet_cli.fidelity.labels import decided
from srnet_cli.fidelity.layers import layer_name
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.metrics import accuracy, finite, r2
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import Network, TrainedNetwork
from srnet_cli.networks.graph import GraphNetwork
from srnet_cli.networks.graph_rest import GraphRest, can_begin_at
from srnet_cli.rendering.document import Document, Paragraph, Section
from srnet_cli.rendering.table import Cell, Column, figures, number, score, shortfall, table
from srnet_cli.runs import files
from srnet_cli.runs.choice import DEFAULT, Choice, chosen
from srnet_cli.runs.record import checked
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import RunFolder, encode_json, find_run, runs_root

Array = NDArray[np.float64]

TIMED_ROWS = 10_000
_REPEATS = 5


@dataclass(frozen=True)
class Hybrid:
    """A network some layers of which are formulas.

    Attributes:
        kind: ``network``, ``prefix``, ``suffix``, ``single`` or ``formulas``.
        first, last: the layers that are formulas, from 1; None where none is.
        r2: of the outputs, units pooled, to the network's; None where some are not finite.
        agreement: fraction of rows on which a classifier names the network's class.
        seconds: processor time for 10⁴ rows, the least of some repetitions.
    """

    kind: str
    first: int | None
    last: int | None
    r2: float | None
    agreement: float | None
    seconds: float


@dataclass(frozen=True)
class Hybrids:
    """All hybrids of a run.

    Attributes:
        run: the run folder.
        why: which composition gives the formulas.
        rows: name of the set of rows that figures are of.
        count: how many rows these are.
        layers: what the layers are called.
        hybrids: the network itself first, all formulas last.
    """

    run: str
    why: str
    rows: str
    count: int
    layers: tuple[str, ...]
    hybrids: tuple[Hybrid, ...]


def run(reference: str | None = None, *, choice: Choice = DEFAULT) -> Hybrids:
    """Set formulas in place of layers, and write ``hybrid.json`` into the run's folder.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        choice: which composition gives the formulas.

    Raises:
        UsageError: no such run, it has not finished, another process writes into it, its formulas
            are not layer by layer, or a choice that there is not.
        StorageError, ModelError: the run is damaged, or cannot be written into.
    """
    choice.check()
    path = find_run(runs_root(), reference)
    fitted = read_run(path)
    if not fitted.is_done:
        raise UsageError(f"{path} has not finished", hint="the same 'srnet fit' goes on from there")
    if not os.access(path, os.W_OK):  # printed all the same
        return hybrids_of(fitted, choice)
    with RunFolder.claim(path) as folder:
        hybrids = hybrids_of(fitted, choice)
        folder.amend({files.HYBRID: encode_json(asdict(hybrids))})
    return hybrids


def hybrids_of(fitted: FittedRun, choice: Choice = DEFAULT) -> Hybrids:
    """The hybrids of a run that has been read.

    Raises:
        UsageError: its formulas are not layer by layer, or a choice that there is not.
    """
    fitted, shown = chosen(fitted, choice)
    model, network = fitted.model, fitted.network
    if model.depth != len(network.widths) - 1:
        raise UsageError(
            f"{fitted.path} has no formulas of layers, only straight from the inputs",
            hint="fit with the strategy auto or mnncgp-es",
        )
    judged = fitted.assessment.judged
    truth, X = judged.truth, judged.X
    timed = X[np.arange(TIMED_ROWS) % len(X)]

    def measured(kind: str, first: int | None, last: int | None) -> Hybrid:
        function = hybrid(model, network, first, last)
        outputs = function(X)
        return Hybrid(
            kind=kind,
            first=first,
            last=last,
            r2=finite(r2(truth, outputs)),
            agreement=accuracy(judged.network_labels, decided(outputs))
            if fitted.has_classes
            else None,
            seconds=_seconds(function, timed),
        )

    depth = model.depth
    return Hybrids(
        run=str(fitted.path),
        why=shown.why,
        rows=fitted.assessment.judged_set,
        count=len(X),
        layers=tuple(layer_name(index, depth) for index in range(depth)),
        hybrids=tuple(
            measured(*place) for place in _kinds(depth) if can_be_set(network, depth, place[2])
        ),
    )


def can_be_set(network: TrainedNetwork, depth: int, last: int | None) -> bool:
    """Whether formulas can take the place of layers up to that one: the rest of the network must
    run from there on."""
    if last is None or last == depth or isinstance(network, Network):
        return True
    return isinstance(network, GraphNetwork) and can_begin_at(network, last)


def _kinds(depth: int) -> Iterator[tuple[str, int | None, int | None]]:
    yield "network", None, None
    yield from (("single", layer, layer) for layer in range(1, depth + 1) if depth > 1)
    # Of a prefix of one layer, and a suffix of one, there is the single layer.
    yield from (("prefix", 1, last) for last in range(2, depth))
    yield from (("suffix", first, depth) for first in range(2, depth))
    yield "formulas", 1, depth


def hybrid(
    model: SymbolicNetwork, network: TrainedNetwork, first: int | None, last: int | None
) -> Callable[[Array], Array]:
    """The network with formulas in place of layers ``first`` to ``last``, from 1: a function of
    raw rows, (n, d) -> (n, m)."""
    if first is None or last is None:
        return network.predict
    before = None if first == 1 else _up_to(network, first - 1)
    after = None
    if last < model.depth:
        after = _from(network, last)

    def outputs(X: Array) -> Array:
        units = model.inputs(X) if before is None else before(X)
        for layer in model.layers[first - 1 : last]:
            units = layer(units)
        return units if after is None else after(units, X)

    return outputs


def _up_to(network: TrainedNetwork, layer: int) -> Callable[[Array], Array]:
    """Units of a layer of the network, counted from 1, of raw rows."""
    if isinstance(network, Network):
        # No more of it than is needed, for its time to be told.
        activations = network.layer_activations[:layer]
        network = replace(
            network,
            weights=network.weights[:layer],
            biases=network.biases[:layer],
            activation=activations,
        )
        return network.predict
    return lambda X: network.activations(X)[layer - 1]


def _from(network: TrainedNetwork, layer: int) -> Callable[[Array, Array], Array]:
    """The network's outputs from the units of a layer on, counted from 1, and of raw rows, which
    the rest of a graph may read as well."""
    if isinstance(network, GraphNetwork):
        return GraphRest(network, layer)
    assert isinstance(network, Network)  # see ``can_be_set``
    rest = replace(
        network,
        weights=network.weights[layer:],
        biases=network.biases[layer:],
        activation=network.layer_activations[layer:],
        scaler=None,
    )
    return lambda units, X: rest.predict(units)


def _seconds(function: Callable[[Array], Array], X: Array) -> float:
    """Processor time of a call, the least of some, the first of which may compile."""
    function(X)
    times = []
    for _ in range(_REPEATS):
        start = time.process_time()
        function(X)
        times.append(time.process_time() - start)
    return min(times)


def read_hybrids(folder: RunFolder) -> Hybrids | None:
    """What ``hybrid.json`` holds, None where nobody has asked for it.

    Raises:
        StorageError: the file is damaged.
    """
    if not folder.is_done or files.HYBRID not in folder.committed().files:
        return None
    hint = "'srnet explain' writes it anew"
    read: Hybrids = checked(Hybrids, folder.read(files.HYBRID), folder.path / files.HYBRID, hint)
    return read


def document(hybrids: Hybrids) -> Document:
    """The hybrids as a table."""
    has_classes = any(entry.agreement is not None for entry in hybrids.hybrids)
    heads = ["agreement"] if has_classes else []
    columns: list[Column | str] = [
        "formulas in place of",
        *figures(*heads, "R²", "1−R²", "ms per 10⁴ rows"),
    ]
    rows: list[list[Cell | str]] = []
    for entry in hybrids.hybrids:
        worth = [number(entry.agreement, ".4f")] if has_classes else []
        worth += [score(entry.r2), shortfall(entry.r2), number(1e3 * entry.seconds, ".3g")]
        rows.append([_replaced(entry, hybrids.layers), *worth])
    caption = f"outputs beside the network's, on {hybrids.count} {SET_NAMES[hybrids.rows]} rows"
    return Document(
        hybrids.run,
        lead=(f"composition: {hybrids.why}",),
        sections=(Section("", (table(columns, rows), Paragraph(caption))),),
        record=asdict(hybrids),
    )


def _replaced(entry: Hybrid, layers: Sequence[str]) -> str:
    if entry.first is None or entry.last is None:
        return "none: the network itself"
    if entry.kind == "formulas":
        return "all layers"
    names = layers[entry.first - 1], layers[entry.last - 1]
    return names[0] if entry.first == entry.last else f"{names[0]} to {names[1]}"
