"""Whether the fast search is still the published one: final fitness over 20 seeds, fast and plain.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/same_search.py

The plain search is MNNCGP-ES as its definition reads, in NumPy: chromosomes drawn and mutated with
NumPy's own generator, every one of them evaluated on all rows, no pruning, nothing remembered, no
phenotype shared, readouts by ``numpy.linalg.lstsq``. Both run 60 generations of the published
protocol from 20 seeds on K0, K2 and F0. Since they draw other random numbers, their final fitness
can agree in distribution only: the table gives quartiles and the p-value of the two-sample
Kolmogorov–Smirnov test (small where the distributions differ).
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp
from support.output import parser, save, table
from support.problems import OPCODES, grid, published, settings

from srnet_cli.cgp.genotype import Grid, decode
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import PRIMITIVES

Array = NDArray[np.float64]
Genes = NDArray[np.int32]
NUMPY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "sqrt": np.sqrt,
    "square": np.square,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
}


def main() -> None:
    """Search with both, compare, print."""
    options = parser(__doc__)
    options.add_argument("--networks", nargs="+", default=["K0", "K2", "F0"])
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--generations", type=int, default=60)
    options.add_argument("--jobs", type=int, default=1)
    chosen = options.parse_args()
    results = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for name in chosen.networks:
            problem = published(name)
            fast = [_fast(problem, chosen.generations, seed) for seed in range(chosen.seeds)]
            search = partial(_plain, problem, chosen.generations)
            plain = list(pool.map(search, range(chosen.seeds)))
            results.append({"network": name, "fast": fast, "plain": plain})
    table(
        ["network", "fast: quartiles of the fitness", "plain", "p"],
        [
            (
                r["network"],
                _quartiles(r["fast"]),
                _quartiles(r["plain"]),
                f"{ks_2samp(r['fast'], r['plain']).pvalue:.2f}",
            )
            for r in results
        ],
    )
    save(chosen.out, "same_search", {"generations": chosen.generations, "networks": results})


def _quartiles(values: list[float]) -> str:
    return " / ".join(f"{value:.4g}" for value in np.quantile(values, [0.25, 0.5, 0.75]))


def _fast(problem: Problem, generations: int, seed: int) -> float:
    search = MnncgpEs(problem, settings(generations), seed)
    state = search.init()
    search.advance(state, generations)
    return state.fitness


def _plain(problem: Problem, generations: int, seed: int) -> float:
    """MNNCGP-ES as its definition reads; returns the final fitness."""
    rng = np.random.default_rng([seed, 7])
    chosen = settings(generations)
    grids = [grid(inputs) for inputs in problem.widths[:-1]]
    genomes = [Genome(shape) for shape in grids]
    population = [
        [(genome.random(rng), rng.standard_normal(1)) for genome in genomes]
        for _ in range(chosen.population)
    ]
    parent, fitness = None, np.inf
    for _ in range(generations):
        if parent is not None:
            population = [
                [
                    (genome.mutated(genes, chosen.mutation, rng), constants)
                    for (genes, constants), genome in zip(parent, genomes, strict=True)
                ]
                for _ in range(chosen.population - 1)
            ]
        composite, now = _composite(problem, population, grids)
        if now < fitness:
            parent, fitness = composite, now
    return fitness


def _composite(problem: Problem, population: list, grids: list[Grid]) -> tuple[list, float]:
    """The best chromosome of every layer, each on the output of those before, and its fitness."""
    inputs, composite, losses = problem.inputs, [], []
    for layer, (shape, target) in enumerate(zip(grids, problem.targets, strict=True)):
        judged = [
            (*_judge(decode(genes, shape, OPCODES, constants), inputs, target, problem.fit_rows), i)
            for i, (genes, constants) in enumerate(individual[layer] for individual in population)
        ]
        loss, output, best = min(judged, key=lambda entry: entry[0])
        if not np.isfinite(loss):
            return composite, np.inf
        composite.append(population[best][layer])
        losses.append(loss)
        inputs = output
    hidden = losses[:-1]
    return composite, losses[-1] + (sum(hidden) / len(hidden) if hidden else 0.0)


def _judge(
    program: Program, inputs: Array, target: Array, fit_rows: int
) -> tuple[float, Array | None]:
    """The loss of a chromosome with its readout, and its layer's output."""
    with np.errstate(all="ignore"):
        f = _values(program, inputs)
        if not np.isfinite(f @ f):
            return np.inf, None
        fit = f[:fit_rows]
        if fit.std() <= 1e-14 * abs(fit.mean()):
            output = np.tile(target[:fit_rows].mean(axis=0), (len(f), 1))
        else:
            columns = np.column_stack([fit - fit.mean(), np.ones(fit_rows)])
            solved = np.linalg.lstsq(columns, target[:fit_rows], rcond=None)[0]
            output = (f - fit.mean())[:, None] * solved[0] + solved[1]
        return float(np.mean((output - target) ** 2)), output


def _values(program: Program, inputs: Array) -> Array:
    slots = [*inputs.T, *(np.full(len(inputs), value) for value in program.constants)]
    for opcode, operands in zip(program.ops, program.args, strict=True):
        row = PRIMITIVES[opcode]
        slots.append(NUMPY[row.name](*(slots[slot] for slot in operands[: row.arity])))
    return slots[program.output]


class Genome:
    """What every gene of a chromosome may be: ``counts`` values, from 0 on but for a gap.

    A connection may name inputs, constants and nodes of earlier columns; the output any node.
    """

    def __init__(self, shape: Grid) -> None:
        self._leaves = shape.inputs + shape.constants
        nodes = shape.rows * shape.columns
        column = np.arange(nodes) // shape.rows
        reach = np.minimum(column, shape.levels_back) * shape.rows
        self._counts = np.full(shape.genes, len(OPCODES))
        self._gaps = np.zeros(shape.genes, dtype=np.int64)
        for part in (1, 2):
            self._counts[part:-1:3] = self._leaves + reach
            self._gaps[part:-1:3] = column * shape.rows - reach
        self._counts[-1] = self._leaves + nodes
        self._is_function = (np.arange(shape.genes) % 3 == 0) & (np.arange(shape.genes) < 3 * nodes)

    def random(self, rng: np.random.Generator) -> Genes:
        """A chromosome of the first generation."""
        return self._values(rng.integers(self._counts))

    def mutated(self, genes: Genes, rate: float, rng: np.random.Generator) -> Genes:
        """Every gene takes another value with the given probability."""
        beyond = ~self._is_function & (genes >= self._leaves)
        choices = genes - self._gaps * beyond
        others = rng.integers(np.maximum(self._counts - 1, 1))
        others += others >= choices
        changed = (rng.random(len(genes)) < rate) & (self._counts > 1)
        return self._values(np.where(changed, others, choices))

    def _values(self, choices: NDArray[np.int64]) -> Genes:
        beyond = ~self._is_function & (choices >= self._leaves)
        return (choices + self._gaps * beyond).astype(np.int32)


if __name__ == "__main__":
    main()
