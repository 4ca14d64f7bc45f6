"""Chromosomes as they lie in the engine, evaluated over and over; and how to time that."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from srnet_cli.cgp.kernels.jit import align_stack, kernel
from srnet_cli.cgp.kernels.mnncgp.layout import build_layout
from srnet_cli.cgp.kernels.mnncgp.sweep import Share, steps, sweep, together
from srnet_cli.cgp.kernels.mnncgp.workspace import allocate
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.problem import Problem

NODES = 32


@kernel(allocates=False)
def _evaluate(memory, layout, constants, work, repeats):
    align_stack()
    layer = thread = np.int64(0)
    count = work.order.shape[0]
    stop = steps(layout, layer)
    for _ in range(repeats):
        for i in range(count):
            work.order[i] = i
            work.progress[i] = 0
            work.bounds[i] = 0.0
            work.errors[i] = np.inf
        work.best[0, 0] = np.inf
        width = together(layout, layer)
        for first in range(0, count, width):
            share = Share(layer, first, min(count, first + width), stop)
            sweep(memory, layout, share, thread, constants, False, work)


class Engine:
    """Chromosomes of one layer as they lie in the engine.

    Args:
        problem: rows and targets of one layer.
        count: how many chromosomes are swept at once.
    """

    def __init__(self, problem: Problem, count: int) -> None:
        self.layout, self.memory = build_layout(
            problem.inputs, problem.targets, problem.fit_rows, threads=1, slots=NODES + 1
        )
        self.work = allocate(self.layout, count, NODES, 1, 1)
        self.constants = np.empty((count, 1, 1))

    def load(self, programs: Sequence[Program]) -> None:
        """Put programs in place."""
        for i, program in enumerate(programs):
            self.work.ops[i, 0, : len(program)] = program.ops
            self.work.args[i, 0, : len(program)] = program.args
            self.work.counts[i, 0] = len(program)
            self.work.outputs[i, 0] = program.output
            self.constants[i, 0] = program.constants

    def run(self, repeats: int) -> None:
        """Evaluate the programs with their sums and their losses."""
        _evaluate(self.memory, self.layout, self.constants, self.work, repeats)


def seconds_each(function: Callable[[int], None], least: float = 0.005) -> float:
    """Processor seconds a repeat, over repeats enough to take ``least`` seconds."""
    repeats = 1
    while True:
        begin = time.process_time()
        function(repeats)
        seconds = time.process_time() - begin
        if seconds > least:
            return seconds / repeats
        repeats *= 2
