"""MNNCGP-ES in plain NumPy, from its definition: what the fast strategy is held against.

It shares the random numbers with the strategy and nothing else: chromosomes are walked node by
node, every one of them on all rows, and readouts come from ``numpy.linalg.lstsq``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oracles import interpret_genes
from srnet_cli.cgp.genotype import Grid, decode, mutation_threshold
from srnet_cli.cgp.kernels.genes import FRESH, chromosome_key, write_offspring
from srnet_cli.config.schema import MnncgpSettings
from srnet_cli.evolution.mnncgp.strategy import Parent
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import function_set
from srnet_cli.rng import key, stream

Array = NDArray[np.float64]
Genes = NDArray[np.int32]

# Losses this close may be ordered either way by rounding: relative, and as a share of the variance.
LOSS_TIE = 1e-9
LOSS_NOISE = 1e-12
FITNESS_TIE = 1e-8


def is_constant(f: Array) -> bool:
    """Whether the values of an expression differ by rounding alone."""
    return bool(f.std() <= 16 * np.finfo(np.float64).eps * abs(f.mean()))


def fit_readout(f: Array, targets: Array) -> tuple[Array, Array]:
    """Weights and bias of h = w f + b by least squares, (m,) each; w = 0 where f is constant."""
    weights = np.zeros(targets.shape[1])
    if not is_constant(f):
        centred = targets - targets.mean(axis=0)
        weights = np.linalg.lstsq((f - f.mean())[:, None], centred, rcond=None)[0][0]
    return weights, targets.mean(axis=0) - weights * f.mean()


def rounding(targets: Array) -> float:
    """Mean squared error below which there is nothing but rounding."""
    return 1e-20 * float(np.mean(targets**2))


class Reference:
    """The strategy, one generation at a time, beside a search that it is to agree with.

    Several chromosomes may have losses that differ by rounding alone, such as those of f and 2 f.
    Which of them wins is the search's to say; that it is one of them is checked.

    Args:
        problem: rows and activations.
        settings: the strategy's hyperparameters.
        seed: seed of the experiment.
        trial: number of the trial.
    """

    def __init__(
        self, problem: Problem, settings: MnncgpSettings, seed: int, trial: int = 0
    ) -> None:
        self.problem = problem
        self.settings = settings
        self.functions = function_set(settings.functions)
        columns = settings.columns
        self.grids = [
            Grid(
                inputs,
                settings.constants,
                settings.rows,
                columns,
                min(settings.levels_back or columns, columns),
            )
            for inputs in problem.widths[:-1]
        ]
        layers = len(problem.targets)
        self.key = np.uint64(key(seed, "trial", trial, "genes"))
        self.first_constants = stream(seed, "trial", trial, "constants").standard_normal(
            (settings.population, layers, settings.constants)
        )
        self.generation = 0
        self.genes: list[Genes] = [np.zeros(grid.genes, np.int32) for grid in self.grids]
        self.constants = np.zeros((layers, settings.constants))
        self.readouts: list[tuple[Array, Array]] = []
        self.spreads: list[float] = []
        self.losses = np.full(layers, np.inf)
        self.fitness = np.inf
        self.decided = 0

    def _individuals(self, layer: int) -> list[tuple[Genes, Array]]:
        """Chromosome of a layer, genes and constants, of every individual of this generation."""
        is_first = self.generation == 0
        rate = FRESH if is_first else mutation_threshold(self.settings.mutation)
        children = []
        for i in range(self.settings.population - (not is_first)):
            base = np.uint64(chromosome_key(self.key, self.generation, i, layer))
            child = np.empty_like(self.genes[layer])
            grid = self.grids[layer]
            write_offspring(grid, len(self.functions), self.genes[layer], base, rate, child)
            source = self.first_constants[i] if is_first else self.constants
            children.append((child, source[layer]))
        return children

    def _loss(self, f: Array, targets: Array) -> float:
        """Mean squared error on all rows of a readout fitted on the fit rows."""
        with np.errstate(all="ignore"):
            if not np.isfinite(np.sum(f * f)):
                return np.inf
        fit = self.problem.fit_rows
        with np.errstate(all="ignore"):
            weights, bias = fit_readout(f[:fit], targets[:fit])
            loss = float(np.mean((f[:, None] * weights + bias - targets) ** 2))
        return loss if np.isfinite(loss) else np.inf

    def _winner(
        self, layer: int, losses: Array, individuals: list[tuple[Genes, Array]], genes: Genes
    ) -> int:
        """The individual of least loss: of those at the least, the one the search found.

        Of equal phenotypes it has to be the first.
        """
        targets = self.problem.targets[layer]
        noise = LOSS_NOISE * float(targets.var(axis=0).mean()) + rounding(targets)
        best = int(np.argmin(losses))
        first: dict[bytes, int] = {}
        for i in np.flatnonzero(losses <= losses[best] * (1 + LOSS_TIE) + noise):
            first.setdefault(self._phenotype(layer, *individuals[i]), int(i))
        self.decided += len(first) == 1
        same = (i for i in first.values() if np.array_equal(individuals[i][0], genes))
        return next(same, best)

    def _phenotype(self, layer: int, genes: Genes, constants: Array) -> bytes:
        opcodes = np.array([primitive.opcode for primitive in self.functions])
        program = decode(genes, self.grids[layer], opcodes, constants)
        parts = (program.ops, program.args, constants, np.array(program.output))
        return b"".join(part.tobytes() for part in parts)

    def follow(self, after: Parent) -> None:
        """Make one generation and hold it against the parent that the search came to.

        Raises:
            AssertionError: the search did what the definition does not allow.
        """
        x = self.problem.inputs
        fit = self.problem.fit_rows
        winners, readouts, spreads, layer_losses = [], [], [], []
        for layer, targets in enumerate(self.problem.targets):
            individuals = self._individuals(layer)
            values = [interpret_genes(genes, self.functions, c, x) for genes, c in individuals]
            losses = np.array([self._loss(f, targets) for f in values])
            if np.isinf(losses.min()):
                self._expect_unchanged(after)
                self.generation += 1
                return
            length = self.grids[layer].genes
            i = self._winner(layer, losses, individuals, after.genes[layer, :length])
            winners.append(individuals[i])
            readouts.append(fit_readout(values[i][:fit], targets[:fit]))
            spreads.append(0.0 if is_constant(values[i][:fit]) else float(values[i][:fit].std()))
            layer_losses.append(losses[i])
            x = values[i][:, None] * readouts[-1][0] + readouts[-1][1]
        hidden = layer_losses[:-1]
        fitness = layer_losses[-1] + (sum(hidden) / len(hidden) if hidden else 0.0)
        self.generation += 1
        noise = sum(map(rounding, self.problem.targets))
        is_close = abs(fitness - self.fitness) <= FITNESS_TIE * fitness + noise
        if is_close and self._is_unchanged(after):
            return
        if fitness > self.fitness and not is_close:
            self._expect_unchanged(after)
            return
        self.genes = [genes for genes, _ in winners]
        self.constants = np.array([constants for _, constants in winners])
        self.readouts, self.spreads = readouts, spreads
        self.losses, self.fitness = np.array(layer_losses), fitness
        self.expect(after)

    def _is_unchanged(self, after: Parent) -> bool:
        return all(
            np.array_equal(after.genes[layer, : len(genes)], genes)
            for layer, genes in enumerate(self.genes)
        )

    def _expect_unchanged(self, after: Parent) -> None:
        assert self._is_unchanged(after), f"generation {self.generation}: a worse composite won"

    def expect(self, after: Parent) -> None:
        """Make sure that a parent is this one: genes and constants exactly, the rest nearly."""
        where = f"generation {self.generation}"
        noise = [rounding(targets) for targets in self.problem.targets]
        for layer, genes in enumerate(self.genes):
            here = f"{where}, layer {layer}"
            np.testing.assert_array_equal(after.genes[layer, : len(genes)], genes, here)
            np.testing.assert_array_equal(after.constants[layer], self.constants[layer], here)
            weights, bias = self.readouts[layer]
            spread = self.spreads[layer]
            least = np.sqrt(noise[layer]) / spread if spread else 0.0
            solved = after.weights[layer, : len(bias)]
            np.testing.assert_allclose(solved, weights, 1e-6, least, err_msg=here)
            np.testing.assert_allclose(after.bias[layer, : len(bias)], bias, 1e-6, err_msg=here)
        for loss, expected, least in zip(after.losses, self.losses, noise, strict=True):
            np.testing.assert_allclose(loss, expected, 1e-8, least, err_msg=where)
        np.testing.assert_allclose(after.fitness, self.fitness, 1e-8, sum(noise), err_msg=where)
