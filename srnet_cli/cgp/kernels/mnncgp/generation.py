"""One generation of MNNCGP-ES after another, in compiled code.

A generation decodes all offspring, then selects layer by layer: the chromosome with the least loss
on the composite's input enters the composite, whose output is the next layer's input.

What makes it fast changes no result:

* equal phenotypes are evaluated once a generation, and losses are remembered (``phenotypes``);
* every chromosome is first judged on one short block; then they are finished in the order of
  their bounds, and dropped as soon as a bound exceeds the best loss (``loss``, ``sweep``);
* they are also dropped, and with all of them the generation, as soon as a bound shows that the
  composite would not replace the parent.

The work of a phase is shared out in tickets (``tickets``): some offspring, or a block of rows.
Which chromosomes are dropped depends on the threads' timing; the winner, its loss and its readout
do not, because only hopeless ones are dropped.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.genes import chromosome_key, decode_offspring, phenotype_hashes
from srnet_cli.cgp.kernels.jit import JIT_DISABLED, align_stack, kernel
from srnet_cli.cgp.kernels.limits import breaks_limits
from srnet_cli.cgp.kernels.mnncgp.composite import (
    accept,
    compose,
    fit,
    grid_of,
    inherit,
    mutation_in,
    select,
    set_limit,
    take_loss,
    trace,
)
from srnet_cli.cgp.kernels.mnncgp.phenotypes import (
    distinct,
    extend_chain,
    is_composed,
    recall,
    remember,
    start_chain,
)
from srnet_cli.cgp.kernels.mnncgp.sweep import Share, shortlist, steps, sweep, together
from srnet_cli.cgp.kernels.mnncgp.tickets import (
    current_round,
    open_tickets,
    take_ticket,
    tickets_done,
    wait_for,
    wait_for_round,
)
from srnet_cli.cgp.kernels.mnncgp.workspace import Parent, Rules, Stretch, Workspace, allocate

__all__ = [
    "Parent",
    "Rules",
    "Stretch",
    "Workspace",
    "allocate",
    "is_worth_sharing",
    "run_generations",
]

# Individuals, or chromosomes to be judged, on one ticket.
_SHORT_SHARE = 8

# Individuals times rows below which threads would wait for each other more than they would help.
_SMALL = 1 << 18

# The phases of a generation. All but the first and the last two come once a layer.
DECODE, JUDGE, FINISH, TRACE, COMPOSE, ACCEPT, REJECT = range(7)


@kernel(allocates=False)
def _decode(first, after, thread, rules, widths, parent, constants, g, work):
    """Decode every chromosome of some offspring and hash its phenotype.

    One that breaks a limit is marked by a negative count.
    """
    place = work.place[thread]
    rate = mutation_in(rules, g)
    for layer in range(widths.shape[0] - 1):
        grid = grid_of(rules.shape, widths[layer])
        genes = parent.genes[layer]
        for i in range(first, after):
            base = chromosome_key(rules.key, g, i, layer)
            ops = work.ops[i, layer]
            args = work.args[i, layer]
            count, output = decode_offspring(
                grid, rules.opcodes, genes, base, rate, ops, args, place
            )
            leaves = grid.inputs + grid.constants
            if breaks_limits(rules.limits, ops, args, count, leaves, place):
                work.counts[i, layer] = -1
                continue
            work.counts[i, layer] = count
            work.outputs[i, layer] = output
            low, high = phenotype_hashes(ops, args, count, output, constants[i, layer], grid.inputs)
            work.hashes[i, layer, 0] = low
            work.hashes[i, layer, 1] = high


@kernel(allocates=False)
def _share(phase, layout, layer):
    """How many individuals, chromosomes or blocks go on one ticket of a phase."""
    if phase in (DECODE, JUDGE):
        return np.int64(_SHORT_SHARE)
    return together(layout, layer) if phase == FINISH else np.int64(1)


@kernel(allocates=False)
def _tickets(phase, layout, layer, size):
    """Number of tickets of a phase."""
    if phase in (TRACE, COMPOSE):
        return layout.lengths.shape[1]
    share = _share(phase, layout, layer)
    return (size + share - 1) // share


@kernel(allocates=False)
def _work_off(number, memory, layout, rules, parent, constants, thread, work):
    """Take tickets of a round, and do what they are for, until none is left.

    What they are for stands in ``work.task``, and stays there while a ticket is not done.
    """
    align_stack()
    done = 0
    ticket = take_ticket(work.board, number)
    while ticket > 0:
        phase, layer, size, g = work.task[0], work.task[1], work.task[2], work.task[3]
        at = _tickets(phase, layout, layer, size) - ticket
        share = _share(phase, layout, layer)
        first = at * share
        after = min(size, first + share)
        if phase == DECODE:
            _decode(first, after, thread, rules, layout.widths, parent, constants, g, work)
        elif phase in (JUDGE, FINISH):
            stop = np.int64(1) if phase == JUDGE else steps(layout, layer)
            chromosomes = Share(layer, first, after, stop)
            sweep(memory, layout, chromosomes, thread, constants, rules.prune, work)
        elif phase == TRACE:
            trace(memory, layout, layer, size, at, thread, constants, work)
        else:
            compose(memory, layout, layer, at, thread, work)
        done += 1
        ticket = take_ticket(work.board, number)
    tickets_done(work.board, done)


@kernel(allocates=False)
def _next_phase(phase, memory, layout, layer, parent, individuals, size, prune, work):
    """What a single thread does after a phase.

    Returns:
        (phase, layer, size): the next phase, its layer, and the number of individuals to decode,
        of chromosomes to evaluate, or of the individual that won.
    """
    if phase == JUDGE:
        return FINISH, layer, shortlist(layout, layer, work.queued[0], prune, work)
    if phase == TRACE:
        fit(memory, layout, layer, work)
        return COMPOSE, layer, size
    if phase == DECODE:
        start_chain(work)
    elif phase == COMPOSE:
        take_loss(layout, layer, work)
        layer += 1
    else:
        remember(layer, work.queued[0], work)
        winner = select(layout, layer, individuals, work)
        if winner < 0:
            return REJECT, layer, winner
        extend_chain(layer, winner, work)
        if not is_composed(layer, work):
            return TRACE, layer, winner
        layer += 1
    if layer == layout.lengths.shape[0]:
        return ACCEPT, layer, size
    set_limit(layout, layer, parent, prune, work)
    work.queued[0] = distinct(layer, individuals, work)
    return JUDGE, layer, recall(layer, work.queued[0], work)


@kernel(allocates=False, nogil=True)
def run_generations(memory, layout, rules, parent, constants, stretch, thread, curve, work):
    """Run some generations, or fewer on reaching the target.

    Every thread calls it with the same arguments but its number. Number 0 leads; the others help
    until ``work.board[STOP]`` is set, which whoever called must do when number 0 is back.

    Args:
        memory, layout: see ``layout.build_layout``; ``memory`` is written to.
        rules: what makes and judges individuals.
        parent: the state, updated in place.
        constants: constants of generation 0, (population, L, c); overwritten by the parent's later.
        stretch: which generations, and where to stop.
        thread: number of this thread, below the T of ``work``.
        curve: receives the parent's fitness and layer losses, (>= generations, 1 + L).
        work: buffers.

    Returns:
        The number of generations run; 0 from a thread that only helped.
    """
    while thread > 0:
        number = wait_for_round(work.board)
        if number < 0:
            return 0
        _work_off(number, memory, layout, rules, parent, constants, thread, work)
    layers = layout.widths.shape[0] - 1
    population = constants.shape[0]
    for step in range(stretch.generations):
        g = stretch.begin + step
        individuals = population if g == 0 else population - 1
        if g > 0:
            inherit(parent, constants)
        # No literals: for those numba would compile copies of the callees.
        phase, layer, size = np.int64(DECODE), np.int64(0), np.int64(individuals)
        while phase < ACCEPT:
            work.task[0], work.task[1], work.task[2], work.task[3] = phase, layer, size, g
            tickets = _tickets(phase, layout, layer, size)
            open_tickets(work.board, tickets)
            number = current_round(work.board)
            _work_off(number, memory, layout, rules, parent, constants, thread, work)
            wait_for(work.board, tickets)
            phase, layer, size = _next_phase(
                phase, memory, layout, layer, parent, individuals, size, rules.prune, work
            )
        if phase == ACCEPT:
            accept(rules, layout.widths, parent, constants, g, work)
        curve[step, 0] = parent.fitness[0]
        for layer in range(layers):
            curve[step, layer + 1] = parent.losses[layer]
        if parent.fitness[0] <= stretch.stop_fitness:
            return step + 1
    return stretch.generations


def is_worth_sharing(population: int, rows: int) -> bool:
    """Whether several threads are faster than one at a search of this size."""
    return not JIT_DISABLED and population * rows >= _SMALL
