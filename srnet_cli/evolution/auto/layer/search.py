"""The search of one layer: K expressions, each evolved against what the others leave.

Candidates are judged on a subset of the rows, drawn anew every generation, in which rows on which
the targets lie far out are more frequent: a unit that is saturated on most rows is decided on few.
What enters the layer is judged on all rows, and must stay finite and within a multiple of its
range on a dense sample of the domain: tuned expressions like to hide poles between the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.auto.lineage import Budget as KernelBudget
from srnet_cli.cgp.kernels.auto.lineage import run_lineages
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.seeding import MOST_SUMMANDS, Origin
from srnet_cli.cgp.kernels.tuning import Rows, lay_out
from srnet_cli.evolution.auto.budget import LayerBudget
from srnet_cli.evolution.auto.chromosome import NODES, Chromosome, Decoder
from srnet_cli.evolution.auto.layer.directions import directions
from srnet_cli.evolution.auto.layer.linear_start import weighted_sum
from srnet_cli.evolution.auto.layer.rounding import amplifies_rounding, jittered
from srnet_cli.evolution.limits import most_additions
from srnet_cli.model.readout import unexplained
from srnet_cli.primitives import BY_NAME

Array = NDArray[np.float64]

_RANGE = 3.0


@dataclass(frozen=True)
class Workplace:
    """Where the expressions of a layer are searched for, and by what means.

    Attributes:
        inputs: what the layer reads on the rows to fit, (n, d).
        checks: the same on a dense sample of the domain, (c, d).
        decoder: how chromosomes are read.
        longest: instructions an expression may have.
        budget: what a generation may cost.
        threads: threads to use; does not change results.
    """

    inputs: Array
    checks: Array
    decoder: Decoder
    longest: int = NODES
    budget: LayerBudget = field(default_factory=LayerBudget)
    threads: int = 1

    @cached_property
    def columns(self) -> Array:
        """The inputs as programs read them, laid out once for all."""
        return np.asfortranarray(self.inputs)

    @cached_property
    def check_columns(self) -> Array:
        """The same of ``checks``."""
        return np.asfortranarray(self.checks)

    @cached_property
    def jittered(self) -> Array:
        """The inputs with other last digits, see ``rounding``."""
        return np.asfortranarray(jittered(self.inputs))


class Start(NamedTuple):
    """Where a lineage begins.

    Attributes:
        chromosome: its first parent.
        seeds: random chromosomes that it tries first.
    """

    chromosome: Chromosome
    seeds: int


@dataclass(frozen=True)
class Candidate:
    """An expression of the layer.

    Attributes:
        chromosome: its genes and edge weights.
        column: its values on all rows, (n,).
    """

    chromosome: Chromosome
    column: Array


class LayerSearch:
    """Evolves single expressions of one layer.

    Args:
        place: the layer's inputs, and how to search.
        targets: ``principal_targets``, (n, r).
        units: what they are made of, (n, m).
    """

    def __init__(self, place: Workplace, targets: Array, units: Array) -> None:
        self.targets = targets
        self._place = place
        self._X, self._decoder = place.inputs, place.decoder
        self._longest = min(place.longest, NODES)
        self._variance = targets.var(axis=0)
        far = np.sum(targets**2, axis=1)
        even = np.full(len(self._X), 1.0 / len(self._X))
        self._chance = 0.5 * even + 0.5 * (far / far.sum() if far.sum() > 0 else even)
        self._units = units

    def candidate(self, chromosome: Chromosome) -> Candidate:
        """The expression with its values on all rows."""
        return Candidate(
            chromosome, evaluate(self._decoder.program(chromosome), self._place.columns)
        )

    def is_usable(self, candidate: Candidate) -> bool:
        """Whether an expression varies, is finite on all rows and keeps its range beyond them, and
        makes nothing of rounding errors."""
        program = self._decoder.program(candidate.chromosome)
        assert program.coefficients is not None
        column, beyond = candidate.column, evaluate(program, self._place.check_columns)
        if not all(np.isfinite(part).all() for part in (program.coefficients, column, beyond)):
            return False
        with np.errstate(over="ignore"):
            centre = np.median(column)
            reach = np.abs(column - centre).max()
            keeps_range = np.abs(beyond - centre).max(initial=0.0) <= _RANGE * reach
        return bool(
            0.0 < reach < np.inf
            and keeps_range
            and not amplifies_rounding(program, self._place.jittered, column)
        )

    def error(self, columns: Sequence[Array]) -> float:
        """Unexplained share of the targets' variance on all rows: 0 is a perfect layer."""
        total = float(self._variance.sum())
        if total == 0.0:
            return 0.0
        shares = unexplained(np.column_stack(columns), self.targets) * self._variance
        return float(shares.sum() / total)

    def linear_start(self, others: Sequence[Array]) -> Chromosome | None:
        """The weighted sum of inputs that explains most of what the others leave, if there is one.

        None as well where there are so few inputs that random chromosomes propose all their sums.
        """
        if self._X.shape[1] <= MOST_SUMMANDS:
            return None
        basis = orthonormal(np.column_stack([np.ones(len(self._X)), *others]))
        residual = self.targets - basis @ (basis.T @ self.targets)
        direction = np.linalg.eigh(residual.T @ residual)[1][:, -1]
        most = most_additions(self._decoder.limits, self._longest) + 1
        if most < 2:
            return None
        return weighted_sum(self._decoder, self._X, residual @ direction, most)

    def evolve(
        self, others: Sequence[Array], starts: Sequence[Start], rng: np.random.Generator
    ) -> tuple[Candidate, float] | None:
        """Evolve one expression beside others.

        Args:
            others: columns of the layer's other expressions, (n,) each.
            starts: where each lineage begins.
            rng: source of this generation's random numbers.

        Returns:
            The best usable candidate with the layer's error, or None where there is none. Of a
            constant layer that is the first input, which has a value everywhere.
        """
        if not others and len(self._X) > 1 and not self._variance.any():
            return self.candidate(self._decoder.empty()), 0.0
        genes = np.array([start.chromosome.genes for start in starts])
        edges = np.array([start.chromosome.edges for start in starts])
        seeds = np.array([start.seeds for start in starts], dtype=np.int64)
        explained = self._run(others, genes, edges, seeds, rng)
        best: tuple[Candidate, float] | None = None
        for lineage in np.argsort(-explained, kind="stable")[: self._place.budget.judged]:
            if explained[lineage] < 0.0:
                break
            candidate = self.candidate(Chromosome(genes[lineage].copy(), edges[lineage].copy()))
            if not self.is_usable(candidate):
                continue
            error = self.error([*others, candidate.column])
            if best is None or error < best[1]:
                best = (candidate, error)
        return best

    def _run(
        self,
        others: Sequence[Array],
        genes: NDArray[np.int32],
        edges: Array,
        seeds: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> Array:
        """Run the lineages in place; returns what the best of each explains."""
        rows = self._rows(others, rng)
        streams = rng.integers(0, 2**63, (len(genes), 1)).astype(np.uint64)
        budget = KernelBudget(
            seeds,
            np.full(len(genes), self._place.budget.offspring),
            self._place.budget.tuning_steps,
            self._longest,
            self._decoder.limits,
        )
        return run_lineages(rows, self._origin, genes, edges, streams, budget, self._place.threads)

    def _rows(self, others: Sequence[Array], rng: np.random.Generator) -> Rows:
        """A fresh subset of the rows, the others and the constant projected off the targets."""
        n = min(self._place.budget.rows, len(self._X))
        chosen = np.sort(rng.choice(len(self._X), n, replace=False, p=self._chance))
        basis = orthonormal(np.column_stack([np.ones(n), *(column[chosen] for column in others)]))
        units = self.targets[chosen]
        units = units - basis @ (basis.T @ units)
        leaves = np.column_stack([self._X[chosen], np.ones(n)])
        return lay_out(leaves, basis, units, NODES, self._place.threads)

    @cached_property
    def _origin(self) -> Origin:
        """Where random chromosomes come from."""
        X, decoder, budget = self._X, self._decoder, self._place.budget
        # Of any rows, because those of a table or a grid may be sorted.
        rows = np.random.default_rng(0).permutation(len(X))[: budget.direction_rows]
        most = min(MOST_SUMMANDS, most_additions(decoder.limits, self._longest))
        functions, add = decoder.opcodes.tolist(), BY_NAME["add"].opcode
        with np.errstate(over="ignore", invalid="ignore"):
            centre = X.mean(axis=0)
            spread = X.std(axis=0) + 1e-9 * np.abs(X).max(axis=0)
        return Origin(
            grid=decoder.grid,
            opcodes=decoder.opcodes,
            add=functions.index(add) if add in functions else -1,
            centre=centre,
            spread=np.where(spread > 0.0, spread, 1.0),
            directions=directions(X[rows], self._units[rows, : budget.directions], most),
        )


def orthonormal(columns: Array) -> Array:
    """An orthonormal basis of what columns span, (n, k)."""
    with np.errstate(over="ignore"):
        norms = np.sqrt(np.sum(columns**2, axis=0))
    return np.asarray(np.linalg.qr(columns / np.where(norms > 0.0, norms, 1.0))[0])
