"""Sharing out work among threads that wait for nothing but what another has begun.

One thread leads: it opens a number of tickets, takes them like all others do, and goes on when
those taken by others are done. A thread that has been put to sleep by the system while it had no
ticket holds up nobody, as it would at a barrier.

The count of tickets left lies in one word with the number of the round, and is taken from by
compare and exchange: a thread that looked at an earlier round gets nothing from a later one.
"""

from __future__ import annotations

import platform
import sys

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.jit import JIT_DISABLED, kernel

if not JIT_DISABLED:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

# Places in a board, each a cache line of its own.
TICKET, DONE, STOP = 0, 8, 16
BOARD = 24
_SPINS = 2000  # some ten microseconds

_ROUND = 1 << 24  # more than there are ever tickets, and rounds enough for months
_REMAINING = _ROUND - 1


def new_board() -> NDArray[np.int64]:
    """A board without tickets, (24,)."""
    return np.zeros(BOARD, dtype=np.int64)


if JIT_DISABLED:

    def _load(board, place):
        return board[place]

    def _store(board, place, value):
        board[place] = value

    def _add(board, place, value):
        board[place] += value

    def _exchange(board, place, expected, value):
        board[place] = value
        return True

    def _pause():
        pass

    def _yield():
        pass

else:
    _ORDER = "seq_cst"

    def _pointer(context, builder, kind, board, place):
        data = cgutils.create_struct_proxy(kind)(context, builder, board).data
        return builder.gep(data, [place])

    @intrinsic
    def _load(typing_context, board, place):
        def codegen(context, builder, signature, args):
            pointer = _pointer(context, builder, signature.args[0], *args)
            return builder.load_atomic(pointer, _ORDER, 8)

        return types.int64(board, types.int64), codegen

    @intrinsic
    def _store(typing_context, board, place, value):
        def codegen(context, builder, signature, args):
            pointer = _pointer(context, builder, signature.args[0], *args[:2])
            builder.store_atomic(args[2], pointer, _ORDER, 8)
            return context.get_dummy_value()

        return types.none(board, types.int64, types.int64), codegen

    @intrinsic
    def _add(typing_context, board, place, value):
        def codegen(context, builder, signature, args):
            pointer = _pointer(context, builder, signature.args[0], *args[:2])
            builder.atomic_rmw("add", pointer, args[2], _ORDER)
            return context.get_dummy_value()

        return types.none(board, types.int64, types.int64), codegen

    @intrinsic
    def _exchange(typing_context, board, place, expected, value):
        def codegen(context, builder, signature, args):
            pointer = _pointer(context, builder, signature.args[0], *args[:2])
            pair = builder.cmpxchg(pointer, args[2], args[3], _ORDER, _ORDER)
            return builder.extract_value(pair, 1)

        return types.boolean(board, types.int64, types.int64, types.int64), codegen

    @intrinsic
    def _pause(typing_context):
        """Tell the processor that this thread only waits."""

        def codegen(context, builder, signature, args):
            if platform.machine() in ("x86_64", "AMD64"):
                kind = ir.FunctionType(ir.VoidType(), [])
                pause = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause")
                builder.call(pause, [])
            return context.get_dummy_value()

        return types.none(), codegen

    # Of the C library; on Windows it has another name, and threads just go on waiting.
    if sys.platform == "win32":
        _yield = _pause
    else:
        _yield = types.ExternalFunction("sched_yield", types.int32())


@kernel(allocates=False)
def open_tickets(board, count):
    """Begin a round of so many tickets; those of the one before must be done."""
    _store(board, DONE, 0)
    _store(board, TICKET, (_load(board, TICKET) // _ROUND + 1) * _ROUND + count)


@kernel(allocates=False)
def current_round(board):
    """The number of the round."""
    return _load(board, TICKET) // _ROUND


@kernel(inline=True, allocates=False)
def take_ticket(board, number):
    """Take a ticket of a round; returns how many there were left with it, 0 if there is none."""
    while True:
        ticket = _load(board, TICKET)
        remaining = ticket & _REMAINING
        if remaining == 0 or ticket // _ROUND != number:
            return np.int64(0)
        if _exchange(board, TICKET, ticket, ticket - 1):
            return remaining


@kernel(allocates=False)
def tickets_done(board, count):
    """Say that the work of so many tickets is done."""
    _add(board, DONE, count)


@kernel(allocates=False)
def wait_for(board, count):
    """Wait until so many tickets of the round are done."""
    spins = 0
    while _load(board, DONE) < count:
        _wait(spins)
        spins += 1


@kernel(allocates=False)
def wait_for_round(board):
    """Wait for a round with tickets left; returns its number, or -1 when there will be none."""
    spins = 0
    while _load(board, STOP) == 0:
        ticket = _load(board, TICKET)
        if ticket & _REMAINING > 0:
            return ticket // _ROUND
        _wait(spins)
        spins += 1
    return np.int64(-1)


@kernel(allocates=False)
def _wait(spins):
    """Wait a little: whoever is waited for may need this processor."""
    if spins < _SPINS:
        _pause()
    else:
        _yield()
