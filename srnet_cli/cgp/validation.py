"""What kernels take for granted of genotypes and programs, checked where these come from a file.

Kernels run without bounds checks: a gene out of range makes them read and write outside of their
arrays. So whatever was not made by this process is checked here before a kernel sees it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.program import Program
from srnet_cli.primitives import MAX_ARITY, PRIMITIVES

_NODE_GENES = MAX_ARITY + 1


class InvalidGenotype(ValueError):
    """A genotype or a program that no kernel may be given.

    Args:
        place: which part of it, such as ``instructions[3].args``.
        problem: what is wrong with that.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


def require(condition: bool, place: str, problem: str) -> None:
    """Raise ``InvalidGenotype`` unless a condition holds."""
    if not condition:
        raise InvalidGenotype(place, problem)


def require_array(
    array: NDArray[Any], shape: tuple[int, ...], place: str, dtype: type = np.float64
) -> None:
    """Check an array's type and shape, and that its numbers are finite.

    Raises:
        InvalidGenotype: one is not as it should be.
    """
    require(array.dtype == dtype, place, f"is of type {array.dtype}, {np.dtype(dtype)} is needed")
    require(array.shape == shape, place, f"has shape {array.shape}, {shape} is needed")
    require(bool(np.all(np.isfinite(array))), place, "holds a number that is not finite")


def require_valid_genes(
    genes: NDArray[Any],
    *,
    functions: int,
    inputs: int,
    constants: int,
    rows: int,
    columns: int,
    levels_back: int,
    place: str = "genes",
) -> None:
    """Check that a chromosome names functions of its set and slots that it may read.

    Args:
        genes: (rows * columns * 3 + 1,) int32, see ``kernels.genes``.
        functions: size of the function set.
        inputs, constants, rows, columns, levels_back: the chromosome's shape, see ``genes.Grid``.
        place: what the genes are called in the error.

    Raises:
        InvalidGenotype: they do not.
    """
    nodes, leaves = rows * columns, inputs + constants
    require_array(genes, (nodes * _NODE_GENES + 1,), place, np.int32)
    table = genes[:-1].reshape(nodes, _NODE_GENES).astype(np.int64)
    column = np.arange(nodes)[:, None] // rows
    first = leaves + np.maximum(column - levels_back, 0) * rows
    after = leaves + column * rows
    slots, output = table[:, 1:], int(genes[-1])
    is_function = (table[:, 0] >= 0) & (table[:, 0] < functions)
    is_leaf = (slots >= 0) & (slots < leaves)
    is_node = (slots >= first) & (slots < after)
    require(bool(is_function.all()), place, f"a function is not one of {functions}")
    require(bool((is_leaf | is_node).all()), place, "a node reads a slot out of its reach")
    require(0 <= output < leaves + nodes, place, f"there is no slot {output} for the output")


def require_valid_program(program: Program) -> None:
    """Check that a program reads only what it has computed, by functions that there are.

    Raises:
        InvalidGenotype: it does not.
    """
    size, constants = len(program.ops), len(program.constants)
    leaves = program.inputs + constants
    require(program.inputs >= 0, "inputs", f"are {program.inputs}")
    require_array(program.constants, (constants,), "constants")
    require_array(program.ops, (size,), "ops", np.int64)
    require_array(program.args, (size, MAX_ARITY), "args", np.int64)
    if program.coefficients is not None:
        require_array(program.coefficients, (size, MAX_ARITY), "coefficients")
    known = (program.ops >= 0) & (program.ops < len(PRIMITIVES))
    _require_all(known, "", "calls a function that there is not")
    # Kernels look at the second operand of a function of one as well.
    after = (leaves + np.arange(size))[:, None]
    readable = (program.args >= 0) & (program.args < after)
    _require_all(np.asarray(readable.all(axis=1)), ".args", "reads a slot that holds nothing yet")
    is_slot = 0 <= program.output < leaves + size
    require(is_slot, "output", f"there is no slot {program.output}")


def _require_all(fine: NDArray[np.bool_], part: str, problem: str) -> None:
    if not fine.all():
        raise InvalidGenotype(f"instructions[{int(np.argmin(fine))}]{part}", problem)
