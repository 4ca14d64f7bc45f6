"""The published networks as problems, and chromosomes to evaluate on them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.genotype import Grid, decode
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.genes import FRESH, chromosome_key, write_offspring
from srnet_cli.cgp.program import Program
from srnet_cli.config.schema import MnncgpSettings
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs, symbolic_layers
from srnet_cli.evolution.problem import Problem
from srnet_cli.fit import validating
from srnet_cli.fit.preparation import prepare
from srnet_cli.primitives import PUBLISHED_FUNCTIONS, function_set
from srnet_cli.reporting import Silent
from support.output import PROJECT

Array = NDArray[np.float64]

OPCODES = np.array([row.opcode for row in function_set(PUBLISHED_FUNCTIONS)], dtype=np.int64)
ROWS, COLUMNS = 5, 5


def published(name: str) -> Problem:
    """The problem of a published network, with the rows of the published protocol."""
    if not os.environ.get("SRNET_PUBLISHED_DIR"):
        sys.exit(f"set SRNET_PUBLISHED_DIR to the folder with regression/{name}.npz")
    config = Path(PROJECT / f"configs/published/{name}.yaml")
    return prepare(validating.load(config), Silent()).problem


def first_rows(problem: Problem, rows: int, layers: int = 1) -> Problem:
    """The first fit rows and layers of a problem."""
    targets = tuple(target[:rows] for target in problem.targets[:layers])
    return Problem(problem.inputs[:rows], targets, min(rows, problem.fit_rows))


def settings(generations: int, **others: object) -> MnncgpSettings:
    """The published protocol for so many generations."""
    return MnncgpSettings(
        generations=generations,
        population=200,
        mutation=0.4,
        accept="strict",
        rows=ROWS,
        columns=COLUMNS,
        stop_fitness=0.0,
        **others,  # type: ignore[arg-type]
    )


def grid(inputs: int) -> Grid:
    """The published grid of a layer with so many inputs."""
    return Grid(inputs, 1, ROWS, COLUMNS, COLUMNS)


def random_programs(inputs: Array, count: int) -> list[Program]:
    """Random chromosomes, decoded: the first that are finite on all rows, each one different."""
    shape = grid(inputs.shape[1])
    numbers = np.random.default_rng(0)
    genes = np.zeros(shape.genes, dtype=np.int32)
    known: dict[bytes, Program] = {}
    number = 0
    while len(known) < count:
        key = np.uint64(chromosome_key(np.uint64(0), 0, number, 0))
        write_offspring(shape, len(OPCODES), genes, key, FRESH, genes)
        program = decode(genes, shape, OPCODES, numbers.standard_normal(1))
        _keep(known, program, inputs)
        number += 1
    return list(known.values())


def evolved_programs(problem: Problem, count: int, generations: int = 100) -> list[Program]:
    """The first layer's winners of short searches, one a seed, each one different."""
    layer = Problem(problem.inputs, problem.targets[:1], problem.fit_rows)
    chosen = settings(generations)
    known: dict[bytes, Program] = {}
    seed = 0
    while len(known) < count:
        search = MnncgpEs(layer, chosen, seed)
        state = search.init()
        search.advance(state, generations)
        (symbolic,) = symbolic_layers(state, layer.widths, chosen)
        _keep(known, symbolic.programs[0], problem.inputs)
        seed += 1
    return list(known.values())


def _keep(known: dict[bytes, Program], program: Program, inputs: Array) -> None:
    """Add a program that is new, has an instruction, and whose squares are finite on all rows."""
    phenotype = program.ops.tobytes() + program.args.tobytes()
    if len(program) == 0 or phenotype in known:
        return
    values = evaluate(program, inputs)
    with np.errstate(all="ignore"):
        if np.isfinite(values @ values):
            known[phenotype] = program
