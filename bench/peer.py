"""Evaluations a second on one core, beside pyoperon's.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/peer.py

Two searches on the same rows of each network, in turn, one thread, by processor time:

* srnet: the published protocol, every layer's chromosome an evaluation (against all units of its
  layer, on fit and selection rows);
* pyoperon (Burlacu, Kronberger & Kommenda, 2020): genetic programming for the network's output on
  the same rows, published functions, no constant tuning, its maximum length set so that the mean
  length of its population comes nearest to ours without exceeding it.

The length of an expression is that of its tree, leaves included, as pyoperon counts; ours is the
mean over offspring of the last parent. pyoperon computes in single precision, srnet in double. The
last column leaves the search out: the same evolved first-layer expressions on the same rows;
pyoperon's values alone (``EvaluateTrees``) against ours with the sums and the loss for one unit.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import pyoperon
from numpy.typing import NDArray
from pyoperon.sklearn import SymbolicRegressor
from support.engine import Engine, seconds_each
from support.output import parser, save, table
from support.problems import OPCODES, evolved_programs, grid, published, settings

from srnet_cli.cgp.genotype import decode, mutation_threshold
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.genes import chromosome_key, write_offspring
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs, State
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import PRIMITIVES

Array = NDArray[np.float64]
GOAL = 3.0
SYMBOLS = "add,sub,mul,div,sqrt,square,log,sin,cos,tan,constant,variable"
INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def main() -> None:
    """Search, count, print."""
    options = parser(__doc__)
    options.add_argument("--networks", nargs="+", default=["K0", "F0", "F4"])
    options.add_argument("--pairs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=5.0, help="of each search")
    chosen = options.parse_args()
    results = [_compare(name, chosen.pairs, chosen.seconds) for name in chosen.networks]
    table(
        [
            "network",
            "srnet, evaluations/s",
            "mean length",
            "pyoperon, evaluations/s",
            "mean length",
            "ratio, median (range)",
            "goal",
            "same expressions",
        ],
        [
            (
                r["network"],
                f"{median(r['srnet']):,.0f}",
                f"{r['length']:.1f}",
                f"{median(r['pyoperon']):,.0f}",
                f"{r['pyoperon_length']:.1f}",
                f"{median(r['ratios']):.1f} ({min(r['ratios']):.1f}–{max(r['ratios']):.1f})",
                GOAL,
                f"{r['same_expressions']:.1f}",
            )
            for r in results
        ],
    )
    save(chosen.out, "peer", {"goal": GOAL, "networks": results})


def _compare(name: str, pairs: int, seconds: float) -> dict:
    problem = published(name)
    ours = Ours(problem)
    ours.run(1.0)
    length = ours.mean_length()
    theirs = _of_length(problem, length)
    times = [(ours.run(seconds), theirs.run(seconds)) for _ in range(pairs)]
    return {
        "network": name,
        "rows": len(problem.inputs),
        "srnet": [pair[0] for pair in times],
        "length": length,
        "pyoperon": [pair[1] for pair in times],
        "pyoperon_length": theirs.mean_length,
        "ratios": [pair[0] / pair[1] for pair in times],
        "same_expressions": _same_expressions(problem),
    }


class Ours:
    """A search under the published protocol that goes on and on."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._settings = settings(10**9)
        self._search = MnncgpEs(problem, self._settings, seed=0)
        self._state = self._search.init()
        self._search.advance(self._state, 1)

    def run(self, seconds: float) -> float:
        """Go on for some time; returns chromosomes a second."""
        begin, generations = time.process_time(), 0
        while time.process_time() < begin + seconds:
            self._search.advance(self._state, 20)
            generations += 20
        layers = len(self._problem.targets)
        individuals = generations * (self._settings.population - 1)
        return individuals * layers / (time.process_time() - begin)

    def mean_length(self) -> float:
        """Mean tree length of the parent's offspring, over all layers."""
        return float(np.mean([_length(program) for program in _offspring(self._state, self)]))

    @property
    def widths(self) -> tuple[int, ...]:
        """d, m_1, …, m_L."""
        return self._problem.widths

    @property
    def mutation(self) -> float:
        """The rate of the protocol."""
        return self._settings.mutation


def _offspring(state: State, ours: Ours, count: int = 500) -> list[Program]:
    threshold = mutation_threshold(ours.mutation)
    programs = []
    for layer, inputs in enumerate(ours.widths[:-1]):
        shape = grid(inputs)
        genes = np.ascontiguousarray(state.parent.genes[layer, : shape.genes])
        child = genes.copy()
        for number in range(count):
            key = np.uint64(chromosome_key(np.uint64(1), 1, number, layer))
            write_offspring(shape, len(OPCODES), genes, key, threshold, child)
            programs.append(decode(child, shape, OPCODES, state.parent.constants[layer]))
    return programs


def _length(program: Program) -> int:
    """Nodes of the program written out as a tree."""
    leaves = program.inputs + len(program.constants)
    lengths = [1] * leaves
    for opcode, (a, b) in zip(program.ops, program.args, strict=True):
        operands = (a, b)[: PRIMITIVES[opcode].arity]
        lengths.append(1 + sum(lengths[slot] for slot in operands))
    return lengths[program.output]


class Theirs:
    """pyoperon's search for the network's output.

    Attributes:
        mean_length: of the last population.
    """

    def __init__(self, problem: Problem, max_length: int) -> None:
        self._X, self._y = problem.inputs, problem.targets[-1][:, 0]
        self._max_length = max_length
        self.mean_length = 0.0

    def run(self, seconds: float) -> float:
        """Search anew for some time; returns evaluations a second."""
        model = SymbolicRegressor(
            allowed_symbols=SYMBOLS,
            optimizer_iterations=0,
            n_threads=1,
            max_length=self._max_length,
            generations=10**6,
            max_evaluations=10**9,
            max_time=max(1, round(seconds)),
            random_state=1,
        )
        begin = time.process_time()
        model.fit(self._X, self._y)
        spent = time.process_time() - begin
        parents = model.individuals_[: len(model.individuals_) // 2]
        self.mean_length = float(np.mean([parent.Genotype.Length for parent in parents]))
        return model.stats_["evaluation_count"] / spent


def _of_length(problem: Problem, length: float) -> Theirs:
    """The search whose expressions come nearest to a mean length without exceeding it.

    Where all are longer, the one with the shortest.
    """
    searches = [Theirs(problem, max_length) for max_length in range(2, 21, 2)]
    for search in searches:
        search.run(1.0)
    short = [search for search in searches if search.mean_length <= length]
    if short:
        return max(short, key=lambda search: search.mean_length)
    return min(searches, key=lambda search: search.mean_length)


def _same_expressions(problem: Problem, count: int = 50) -> float:
    """How many times as fast the engine is on the same expressions, for one target."""
    layer = Problem(problem.inputs, (problem.targets[0][:, :1],), problem.fit_rows)
    programs = evolved_programs(layer, count)
    data = pyoperon.Dataset(np.asfortranarray(problem.inputs))
    names = {variable.Name: variable.Hash for variable in data.Variables}
    trees = [pyoperon.InfixParser.Parse(_infix(program), names) for program in programs]
    rows = pyoperon.Range(0, len(problem.inputs))
    values = np.zeros(len(trees) * len(problem.inputs), dtype=np.float32)
    engine = Engine(layer, count)
    engine.load(programs)

    def theirs(repeats: int) -> None:
        for _ in range(repeats):
            pyoperon.EvaluateTrees(trees, data, rows, values, 1)

    theirs(1)
    _check(programs, problem.inputs, values)
    return median(seconds_each(theirs) / seconds_each(engine.run) for _ in range(7))


def _check(programs: list[Program], inputs: Array, values: NDArray[np.float32]) -> None:
    """See that both computed the same, as far as single precision goes."""
    for program, theirs in zip(programs, values.reshape(len(programs), -1), strict=True):
        expected = evaluate(program, inputs)
        error = np.median(np.abs(theirs - expected)) / np.median(np.abs(expected))
        assert error < 1e-3, (_infix(program), error)


def _infix(program: Program) -> str:
    texts = [f"X{slot + 1}" for slot in range(program.inputs)]
    texts += [f"({float(value)!r})" for value in program.constants]
    for opcode, (a, b) in zip(program.ops, program.args, strict=True):
        name = PRIMITIVES[opcode].name
        if name in INFIX:
            texts.append(f"(({texts[a]}) {INFIX[name]} ({texts[b]}))")
        else:
            texts.append(f"({name}({texts[a]}))")
    return texts[program.output]


if __name__ == "__main__":
    main()
