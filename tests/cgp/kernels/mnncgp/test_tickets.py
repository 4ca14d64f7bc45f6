"""Tickets: each is taken once, by whichever thread, and only in its own round."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest

from srnet_cli.cgp.kernels.jit import JIT_DISABLED, kernel
from srnet_cli.cgp.kernels.mnncgp.tickets import (
    STOP,
    current_round,
    new_board,
    open_tickets,
    take_ticket,
    tickets_done,
    wait_for,
    wait_for_round,
)

ROUNDS, MOST = 3000, 40


@kernel(nogil=True)
def lead(board, counts, task, taken):
    for number in range(counts.shape[0]):
        task[0] = number
        open_tickets(board, counts[number])
        work(board, current_round(board), task, taken)
        wait_for(board, counts[number])


@kernel(nogil=True)
def help_out(board, task, taken):
    while True:
        number = wait_for_round(board)
        if number < 0:
            return
        work(board, number, task, taken)


@kernel(nogil=True)
def work(board, number, task, taken):
    done = 0
    left = take_ticket(board, number)
    while left > 0:
        taken[task[0], left - 1] += 1
        done += 1
        left = take_ticket(board, number)
    tickets_done(board, done)


@pytest.mark.skipif(JIT_DISABLED, reason="threads need compiled code")
def test_every_ticket_is_taken_once_and_in_its_round():
    """Three threads, thousands of short rounds: no ticket is lost, taken twice or taken late."""
    board, task = new_board(), np.zeros(1, dtype=np.int64)
    counts = np.random.default_rng(0).integers(0, MOST, ROUNDS, endpoint=True)
    taken = np.zeros((ROUNDS, MOST), dtype=np.int64)
    board[STOP] = 1
    help_out(board, task, taken)  # compiles
    board[STOP] = 0
    helpers = [Thread(target=help_out, args=(board, task, taken)) for _ in range(2)]
    for helper in helpers:
        helper.start()
    lead(board, counts, task, taken)
    board[STOP] = 1
    for helper in helpers:
        helper.join()
    assert (taken == (np.arange(MOST) < counts[:, np.newaxis])).all()


@pytest.mark.nojit
def test_an_earlier_round_gets_nothing():
    """Tickets count down, and only who names the present round takes one."""
    board = new_board()
    open_tickets(board, 2)
    number = current_round(board)
    assert [taken(board, number) for _ in range(3)] == [2, 1, 0]
    open_tickets(board, 5)
    assert taken(board, number) == 0
    assert taken(board, number + 1) == 5


@kernel()
def taken(board, number):
    return take_ticket(board, number)
