"""Other ways to feed a loaded network, and which of them fits its data best.

Whoever loads a network may hand it the columns in another order than in training, or scaled
otherwise. Which order it was can be told from the data: it is the one with which the network does
well. All orders of a few columns are tried; of more, columns are exchanged two at a time for as
long as that helps.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srnet_cli.datasets.dataset import Dataset, Rows
from srnet_cli.datasets.suggest import listed
from srnet_cli.errors import SrnetError
from srnet_cli.metrics import accuracy, r2_per_unit
from srnet_cli.networks.trained import Array, Scaler, TrainedNetwork, fit_scaler

Order = tuple[int, ...]
Loss = Callable[[TrainedNetwork, Rows, Order], float]

_ROWS = 200
_FEW_INPUTS, _MOST_INPUTS, _MOST_CLASSES, _MOST_TARGETS = 5, 40, 200, 30
_MOST_TRIALS, _MOST_PRODUCTS = 2000, 5e8  # of each scaling; a product per parameter and row
_ABOUT_AS_GOOD = 1.2
_NAMED = 12
_PLAIN = re.compile(r"[^\W\d]\w*([ .-]\w+)*")  # what YAML takes for a text
_NO_TEXTS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")


@dataclass(frozen=True)
class Cure:
    """A way to feed a network, or to read its outputs.

    Attributes:
        words: what would have to be done, and how well the network would do.
        loss: what it would leave: 1 - R², of a classifier the share of rows it is wrong on.
    """

    words: str
    loss: float


@dataclass(frozen=True)
class _Scaling:
    """A network behind an input scaling, in words; no words for the scaling that it has."""

    network: TrainedNetwork
    words: str


def loss_of(network: TrainedNetwork, rows: Rows, order: Order | None = None) -> float:
    """What a network leaves unexplained of rows with targets.

    Args:
        network: the network.
        rows: they have targets.
        order: the columns in the order in which they go in; None: as they are.

    Returns:
        1 - R², the mean over targets; of a classifier the share of rows that it is wrong on;
        infinite where it is beyond all numbers.
    """
    assert rows.y is not None
    X = rows.X if order is None else rows.X[:, list(order)]
    with np.errstate(all="ignore"):
        if network.output_activation == "softmax":
            return 1.0 - accuracy(rows.y.astype(np.int64), network.labels(X))
        truth = rows.y.reshape(len(rows), -1)
        loss = 1.0 - float(np.mean(r2_per_unit(truth, network.predict(X).reshape(truth.shape))))
    return loss if np.isfinite(loss) else float("inf")


def best_cure(network: TrainedNetwork, rows: Rows, dataset: Dataset, most: float) -> Cure | None:
    """The simplest of the ways that make a network do about as well as can be.

    Args:
        network: a network that can be asked for any rows.
        rows: rows with targets, in the order in which they are fed now.
        dataset: whose rows these are.
        most: loss that a cure may leave.

    Returns:
        None where no way leaves as little.
    """
    cures = [cure for cure in _cures(network, rows, dataset) if cure.loss < most]
    if not cures:
        return None
    least = min(cure.loss for cure in cures)
    return next(cure for cure in cures if cure.loss <= _ABOUT_AS_GOOD * least + 1e-9)


def _cures(network: TrainedNetwork, rows: Rows, dataset: Dataset) -> Iterator[Cure]:
    """All ways, the simplest first."""
    scalings = list(_scalings(network, dataset.train.X))
    for scaling in scalings[1:]:
        yield _cure(scaling.words, scaling.network, rows)
    if network.output_activation == "softmax":
        yield from _classes(network, rows, dataset)
    else:
        yield from _targets(network, rows, dataset)
        yield from _units(network, rows)
    for scaling in scalings:
        order = _best_order(scaling.network, rows)
        if order != tuple(range(len(order))):
            words = " and ".join(filter(None, (_order_in_words(order, dataset), scaling.words)))
            yield _cure(words, scaling.network, rows, order)


def _cure(words: str, network: TrainedNetwork, rows: Rows, order: Order | None = None) -> Cure:
    loss = loss_of(network, rows, order)
    return Cure(f"{words} {_outcome(network, loss)}", loss)


def _outcome(network: TrainedNetwork, loss: float) -> str:
    if network.output_activation == "softmax":
        return f"it would be right in {1.0 - loss:.3g}"
    return f"R² would be {1.0 - loss:.3g}"


# --- inputs ---------------------------------------------------------------------------------------


def _scalings(network: TrainedNetwork, X: Array) -> Iterator[_Scaling]:
    """The network as it is, and behind the scalings that people use."""
    yield _Scaling(network, "")
    if network.scaler is not None:
        yield _Scaling(network.with_scaler(None), "without a scaling of inputs")
        return
    try:
        standard = fit_scaler(X)
    except SrnetError:
        return
    yield _Scaling(network.with_scaler(standard), "with inputs standardised by the training rows")
    low, high = X.min(axis=0), X.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    if np.isfinite(span).all():
        for scaler, box in (
            (Scaler(low, span), "[0, 1]"),
            (Scaler(low + span / 2, span / 2), "[-1, 1]"),
        ):
            words = f"with inputs scaled from the training rows' range to {box}"
            yield _Scaling(network.with_scaler(scaler), words)


def _best_order(network: TrainedNetwork, rows: Rows) -> Order:
    """The order of the columns with which a network does best, as far as it is looked for."""
    inputs = rows.X.shape[1]
    same = tuple(range(inputs))
    sample = rows.take(np.linspace(0, len(rows) - 1, min(len(rows), _ROWS)).astype(np.intp))
    trials = min(_MOST_TRIALS, int(_MOST_PRODUCTS / (len(sample) * max(network.parameters, 1))))
    if inputs > _MOST_INPUTS or trials < inputs * (inputs - 1) // 2:
        return same

    def loss(order: Order) -> float:
        return loss_of(network, sample, order)

    if inputs <= _FEW_INPUTS:
        return min(itertools.islice(itertools.permutations(same), trials), key=loss)
    return _exchanged(same, loss, trials)


def _exchanged(order: Order, loss: Callable[[Order], float], trials: int) -> Order:
    """Exchange the pair that helps most, again and again."""
    best = loss(order)
    pairs = list(itertools.combinations(range(len(order)), 2))
    while trials >= len(pairs):
        trials -= len(pairs)
        tried = [(loss(swapped), swapped) for swapped in (_swapped(order, *p) for p in pairs)]
        least, swapped = min(tried)
        if least >= best:
            break
        best, order = least, swapped
    return order


def _swapped(order: Order, first: int, second: int) -> Order:
    places = list(order)
    places[first], places[second] = places[second], places[first]
    return tuple(places)


def _order_in_words(order: Order, dataset: Dataset) -> str:
    names = dataset.features
    if len(names) <= _NAMED:
        return f"with network.inputs: [{_in_yaml([names[place] for place in order])}]"
    moved = [place for place, column in enumerate(order) if place != column]
    taken = listed([names[order[place]] for place in moved], _NAMED)
    places = listed([names[place] for place in moved], _NAMED)
    return f"with {taken} in the places of {places} (network.inputs)"


def _in_yaml(names: Sequence[str]) -> str:
    """Names between the brackets of a list, as a config takes them."""
    return listed(
        [name if _is_plain(name) else json.dumps(name, ensure_ascii=False) for name in names],
        _NAMED,
    )


def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and name.lower() not in _NO_TEXTS


# --- outputs --------------------------------------------------------------------------------------


def _classes(network: TrainedNetwork, rows: Rows, dataset: Dataset) -> Iterator[Cure]:
    """The network with its classes in the order that fits best."""
    from scipy.optimize import linear_sum_assignment

    assert rows.y is not None
    count = network.widths[-1]
    if count > _MOST_CLASSES or len(dataset.classes) != count:
        return
    labels, predicted = rows.y.astype(np.int64), network.labels(rows.X)
    table: Array = np.zeros((count, count))
    np.add.at(table, (predicted, labels), 1.0)
    outputs, classes = linear_sum_assignment(-table)
    order = np.empty(count, dtype=np.int64)
    order[outputs] = classes
    names = _in_yaml([dataset.classes[place] for place in order])
    loss = 1.0 - accuracy(labels, order[predicted])
    yield Cure(f"with network.classes: [{names}] {_outcome(network, loss)}", loss)


def _targets(network: TrainedNetwork, rows: Rows, dataset: Dataset) -> Iterator[Cure]:
    """The network with its outputs matched to the targets that they fit best."""
    from scipy.optimize import linear_sum_assignment

    assert rows.y is not None
    if not 1 < len(dataset.targets) <= _MOST_TARGETS:
        return
    predictions = network.predict(rows.X)
    units = range(len(dataset.targets))
    with np.errstate(all="ignore"):
        targets = (rows.y[:, [t]].repeat(len(units), 1) for t in units)
        scores = np.array([r2_per_unit(target, predictions) for target in targets])
    if not np.isfinite(scores).all():
        return
    targets, outputs = linear_sum_assignment(-scores)
    order = targets[np.argsort(outputs)]
    if list(order) == list(units):
        return
    names = _in_yaml([dataset.targets[place] for place in order])
    matched = replace(rows, y=rows.y[:, order])
    yield _cure(f"with dataset.target: [{names}]", network, matched)


def _units(network: TrainedNetwork, rows: Rows) -> Iterator[Cure]:
    """The single output in the unit of the target, in which training may not have had it."""
    assert rows.y is not None
    if rows.y.ndim != 1 or len(rows) < 3:
        return
    outputs = network.predict(rows.X)[:, 0]
    if not np.isfinite(outputs).all() or np.ptp(outputs) == 0.0:
        return
    with np.errstate(all="ignore"):
        slope = float(np.cov(outputs, rows.y)[0, 1] / outputs.var(ddof=1))
        offset = float(rows.y.mean() - slope * outputs.mean())
        loss = 1.0 - float(r2_per_unit(rows.y[:, None], (slope * outputs + offset)[:, None])[0])
    if np.isfinite(loss):
        words = f"with outputs times {slope:.4g} plus {offset:.4g}, so another unit of the target,"
        yield Cure(f"{words} {_outcome(network, loss)}", loss)
