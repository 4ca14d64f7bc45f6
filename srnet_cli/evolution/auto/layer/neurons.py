"""Units as what they are: an activation of one weighted sum of what the layer reads.

Evolution finds such a unit of few inputs in seconds. Of more inputs than a random sum has it seldom
does, and a layer of many units takes longer than there is time; but the data alone give both. The
direction of a unit follows from its values (``directions``), a grid says how steep its activation
is and where it bends, and the weights are then tuned (``term_tuning``). Inputs for which an
expression has no room are left to the readout and to evolution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.genes import NODE_GENES
from srnet_cli.cgp.kernels.seeding import MOST_SUMMANDS
from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.evolution.auto.layer.directions import directions
from srnet_cli.evolution.direct.term_tuning import tuned
from srnet_cli.evolution.direct.terms import applied, leaf_program
from srnet_cli.primitives import ACTIVATIONS, BY_NAME, PRIMITIVES
from srnet_cli.signals import never

Array = NDArray[np.float64]

_STEEPNESS = np.array([0.25, 0.5, 1.0, 2.0, 4.0])
_BENDS = np.linspace(-3.0, 3.0, 25)
_STEPS, _GAIN = 3, 0.1
_BOUND = 1e-9
_INHIBITION = 3.0
_STILL = 1e-6
_MOST_INPUTS = 64
_OFTEN = 0.01
_PERFECT, _FITS = 1e-13, 1e-6
_GRID_STEP = 4
_CARE, _HASTE = (2000, 6), (500, 2)
"""Rows on either side of a unit's bounds, at most, and how often its weights are tuned."""

_PLENTY = 10
"""Rows per input that a direction needs."""


@dataclass(frozen=True)
class Neuron:
    """An activation of a weighted sum.

    Attributes:
        function: name of the activation.
        weights: of the inputs, (d,).
        offset: of the sum.
    """

    function: str
    weights: Array
    offset: float

    def among(self, numbers: NDArray[np.intp], inputs: int) -> Neuron:
        """The neuron of so many inputs, of which those it reads now have these numbers."""
        weights = np.zeros(inputs)
        weights[numbers] = self.weights
        return Neuron(self.function, weights, self.offset)

    def in_units_of(self, centre: Array, scale: Array) -> Neuron:
        """The neuron of inputs of which those it reads now are (inputs − centre) · scale."""
        weights = self.weights * scale
        return Neuron(self.function, weights, self.offset - float(weights @ centre))


def are_wanted(decoder: Decoder, units: int, longest: int) -> bool:
    """Whether a hidden layer begins with its units as they are.

    It does where a random sum has too few inputs or there are too many units for evolution, and an
    expression has room for a longer sum and an activation of it, which nothing limits.

    Args:
        decoder: how chromosomes are read.
        units: of the layer.
        longest: operations that an expression may have.
    """
    limits = decoder.limits
    is_wide = max(decoder.inputs, units) > MOST_SUMMANDS
    is_free = not (limits.depth or len(limits.uses) or len(limits.nesting))
    has_functions = BY_NAME["add"].opcode in decoder.opcodes and bool(_activations(decoder))
    return is_wide and is_free and has_functions and longest > MOST_SUMMANDS + 1


def on_time(share: float) -> bool:
    """That nothing is late, where time is not limited."""
    return False


class Abandoned(Exception):
    """The units are given up, because somebody wants the search to stop."""


def neurons(
    decoder: Decoder,
    X: Array,
    units: Array,
    longest: int,
    stops: Callable[[], bool] = never,
    is_late: Callable[[float], bool] = on_time,
) -> Iterator[Chromosome | None]:
    """For every unit the activation of a weighted sum that explains it best.

    Args:
        decoder: how chromosomes are read; their functions are those that are tried.
        X: what the layer reads, (n, d).
        units: (n, m).
        longest: operations that an expression may have.
        stops: whether the search is to stop, looked at before every unit.
        is_late: whether so large a share of the time there is has gone, from 0 to 1. A unit that
            is behind its time is made of fewer rows in fewer steps, and when all has gone, those
            that there are have to do.

    Yields:
        m chromosomes, tuned, or fewer where time is up; None for a unit that does not vary, or that
        no sum follows.

    Raises:
        Abandoned: the search is to stop.
    """
    most = longest - 1  # additions, one of them of the constant
    order = np.random.default_rng(0).permutation(len(X))  # rows of a table may be sorted
    centre, spread = X.mean(axis=0), X.std(axis=0)
    moves = spread > _STILL * spread.max()
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=moves)
    standard, units = (X[order] - centre) * scale, units[order]
    for number, unit in enumerate(units.T):
        if stops():
            raise Abandoned
        most_rows, repeats = _HASTE if is_late(number / units.shape[1]) else _CARE
        inside, outside = _by_bounds(unit)
        rows = np.concatenate([inside[:most_rows], outside[:most_rows]])
        near = _nearest(standard[rows], unit[rows])
        X = standard[np.ix_(rows, near)]
        sample = _Sample(X, unit[rows], min(len(inside), most_rows), moves[near])
        small = replace(decoder, inputs=len(near))
        neuron = _neuron(small, sample, sample.directions(most))
        if neuron is None:
            yield None
        else:
            neuron = _tuned(small, neuron, sample, repeats).among(near, len(centre))
            yield _chromosome(decoder, neuron.in_units_of(centre, scale))
        if is_late(1.0):
            return


def _nearest(X: Array, unit: Array) -> NDArray[np.intp]:
    """The inputs that go with a unit most: of many, a direction takes long to find."""
    alike = np.abs((unit - unit.mean()) @ X)
    return np.sort(np.argsort(-alike, kind="stable")[:_MOST_INPUTS])


@dataclass(frozen=True, eq=False)
class _Sample:
    """Some rows of a layer.

    Attributes:
        X: what it reads, standardised, (n, d).
        unit: a unit of it, (n,).
        inside: so many rows, the first, are those on which the unit is at neither end of its range.
            Where an activation is cut off, the order of the rows says nothing of the sum.
        moves: inputs that do more than hardly vary, (d,): a unit that is always off is off but for
            rounding.
    """

    X: Array
    unit: Array
    inside: int
    moves: NDArray[np.bool_]

    def directions(self, most: int) -> Iterator[Array]:
        """Directions of the unit, by a straight line and by its order of the rows.

        Args:
            most: inputs that a sum may have.
        """
        for are_straight in (True, False):
            if self.inside > 1:
                for direction in self._directions(self.inside, most, are_straight):
                    yield self._with_inhibitors(direction, most)
            if self.inside < _PLENTY * self.X.shape[1]:
                yield from self._directions(len(self.X), most, are_straight)

    def _directions(self, rows: int, most: int, are_straight: bool) -> Array:
        is_still = self._is_still if rows == len(self.X) else self._is_still_inside
        X = np.where(is_still, 0.0, self.X[:rows])
        return directions(X, self.unit[:rows, np.newaxis], most, are_straight=are_straight)

    @cached_property
    def _is_still(self) -> NDArray[np.bool_]:
        """Inputs that hardly ever move: what they weigh is not known."""
        return self._is_still_on(self.X)

    @cached_property
    def _is_still_inside(self) -> NDArray[np.bool_]:
        return self._is_still_on(self.X[: self.inside])

    def _is_still_on(self, X: Array) -> NDArray[np.bool_]:
        has_moved = np.abs(X - np.median(X, axis=0)) > _STILL
        return np.asarray((has_moved.mean(axis=0) < _OFTEN) | ~self.moves)

    def _with_inhibitors(self, direction: Array, most: int) -> Array:
        """The direction with inputs that are off wherever the unit is on, so that they may be what
        keeps it off; no more than the sign of their weights is known."""
        room = max(0, most - np.count_nonzero(direction[:-1]))
        chosen = np.flatnonzero(self._is_still_inside & ~self._is_still)[:room]
        usual = np.median(self.X[: self.inside, chosen], axis=0)
        rises = np.sign(np.mean(self.X[:, chosen] - usual, axis=0))
        direction = direction.copy()
        direction[chosen] = -_INHIBITION * rises
        direction[-1] -= float(direction[chosen] @ usual)
        return direction


def _activations(decoder: Decoder) -> list[str]:
    names = [PRIMITIVES[opcode].name for opcode in decoder.opcodes.tolist()]
    return [name for name in names if name in ACTIVATIONS]


def _by_bounds(unit: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows on which a unit is at neither end of its range, and the others.

    Where an activation is cut off, the order of the rows says nothing of the sum.
    """
    low, high = unit.min(), unit.max()
    margin = _BOUND * (high - low)
    is_inside = (unit > low + margin) & (unit < high - margin)
    return np.flatnonzero(is_inside), np.flatnonzero(~is_inside)


def _neuron(decoder: Decoder, sample: _Sample, along: Iterable[Array]) -> Neuron | None:
    """Along one of these directions, the activation, steepness and bend that fit the unit best.

    None where there is no direction. The first that fits the unit is as good as any.
    """
    best, least = None, np.inf
    X, unit = sample.X[::_GRID_STEP], sample.unit[::_GRID_STEP]
    inside, _ = _by_bounds(unit)
    for direction in along:
        weights, offset = direction[:-1], float(direction[-1])
        sums = X @ weights + offset
        # Besides those of a grid, where the unit is at neither end: from −1 to 1, or from −3 to 3.
        between = sums[inside] if len(inside) else sums
        low, width = between.min(), max(np.ptp(between), _STILL)
        bends = np.append(_BENDS, [low, low + 0.5 * width])
        steep = np.append(_STEEPNESS, [2.0 / width, 6.0 / width])
        for function in _activations(decoder):
            shares = _unexplained(
                function, np.multiply.outer(steep, sums - bends[:, np.newaxis]), unit
            )
            place = np.unravel_index(shares.argmin(), shares.shape)
            if best is None or shares[place] < least:
                steepness, bend = steep[place[0]], bends[place[1]]
                shift = float(steepness * (offset - bend))
                best, least = Neuron(function, steepness * weights, shift), float(shares[place])
        if least < _FITS:
            break
    return best


def _chromosome(decoder: Decoder, neuron: Neuron) -> Chromosome:
    """The neuron as a chromosome: its summands are added in pairs, so that the sum is not as deep
    as it is long."""
    functions = decoder.opcodes.tolist()
    add, activation = (functions.index(BY_NAME[name].opcode) for name in ("add", neuron.function))
    empty = decoder.empty()
    genes, edges = empty.genes.copy(), empty.edges.copy()
    constant, leaves = decoder.inputs, decoder.inputs + 1
    summands = [(int(slot), float(neuron.weights[slot])) for slot in neuron.weights.nonzero()[0]]
    summands.append((constant, neuron.offset))
    node = 0
    while len(summands) > 1:
        pairs = list(zip(summands[::2], summands[1::2], strict=False))
        summands = summands[2 * len(pairs) :]
        for (left, v), (right, w) in pairs:
            genes[NODE_GENES * node : NODE_GENES * (node + 1)] = (add, left, right)
            edges[node] = v, w
            summands.append((leaves + node, 1.0))
            node += 1
    total = summands[0][0]
    genes[NODE_GENES * node : NODE_GENES * (node + 1)] = (activation, total, total)
    edges[node] = 1.0
    genes[-1] = leaves + node
    return Chromosome(genes, edges)


def _tuned(decoder: Decoder, neuron: Neuron, sample: _Sample, repeats: int) -> Neuron:
    """The neuron with its weights tuned to the unit, as long as that helps."""
    X, unit = np.asfortranarray(sample.X), sample.unit  # as programs read it
    target = ((unit - unit.mean()) / unit.std())[:, np.newaxis]
    program, share = decoder.program(_chromosome(decoder, neuron)), np.inf
    for _ in range(repeats):
        program = tuned((program,), X, target, _STEPS)[0]
        before, share = share, _share(evaluate(program, X), unit)
        if not _PERFECT < share < (1.0 - _GAIN) * before:
            break
    assert program.coefficients is not None
    summands = np.zeros(decoder.inputs + 1)  # each is read once; all else has the weight 1
    is_summand = program.args <= decoder.inputs
    summands[program.args[is_summand]] = program.coefficients[is_summand]
    return Neuron(neuron.function, summands[:-1], float(summands[-1]))


def _unexplained(function: str, operands: Array, unit: Array) -> Array:
    """What an activation of operands, weighted, leaves of the unit's variance, (…, n) → (…);
    infinite where it does not vary."""
    program = applied(function, leaf_program(1, 0))
    values = evaluate(program, operands.reshape(-1, 1)).reshape(operands.shape)
    with np.errstate(all="ignore"):
        values = values - values.mean(axis=-1, keepdims=True)
        gap = unit - unit.mean()
        shares = 1.0 - (values @ gap) ** 2 / (np.sum(values**2, axis=-1) * (gap @ gap))
    return np.where(np.isfinite(shares), shares, np.inf)


def _share(values: Array, unit: Array) -> float:
    """What values, weighted, leave of a unit's variance; infinite where they do not vary."""
    with np.errstate(all="ignore"):
        values, gap = values - values.mean(), unit - unit.mean()
        share = 1.0 - float((values @ gap) ** 2 / ((values @ values) * (gap @ gap)))
    return share if np.isfinite(share) else np.inf
