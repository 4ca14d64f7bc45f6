"""Trees that say nearly the same as a given one, where a sum varies little.

To first order in a small u, 1 + u is 1/(1 − u), sqrt(1 + 2u) and 1/sqrt(1 − 2u). No step of tuning
leads from one of these to another, so that a search that has come by one of them (a binomial
approximation, say) is offered the others (a resonance, a Lorentz factor).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from srnet_cli.cgp.kernels.direct.tree import CONSTANT, MAX_TREE, SCALED, Tree
from srnet_cli.evolution.direct.trees import Node, arity_of, nodes_of, tree_of
from srnet_cli.primitives import BY_NAME

_ADD, _SUB, _MUL, _DIV, _SQRT = (
    BY_NAME[name].opcode for name in ("add", "sub", "mul", "div", "sqrt")
)


@dataclass(frozen=True)
class _Subtree:
    """A subtree, with the weight on the edge above it."""

    code: int
    weight: float = 1.0
    operands: tuple[_Subtree, ...] = ()


_ONE = _Subtree(CONSTANT, 1.0)


def equivalent_trees(tree: Tree, functions: Collection[str]) -> Iterator[Tree]:
    """Trees with other forms of one of the sums, or with a common factor taken out of one.

    Some may not be tidy; those are of no use to whoever tries them.

    Args:
        tree: a tidy tree.
        functions: names of the function set.
    """
    form = int(tree.head[1]) | SCALED
    for variant in _variants(_root(tree), functions):
        nodes = list(_postfix(variant))
        if len(nodes) <= MAX_TREE:
            yield tree_of(*nodes, form=form)


def _root(tree: Tree) -> _Subtree:
    """A tree as its root, with all that is below it."""
    stack: list[_Subtree] = []
    for node in nodes_of(tree):
        first = len(stack) - arity_of(node.code)
        operands = tuple(stack[first:])
        del stack[first:]
        stack.append(_Subtree(node.code, node.weight, operands))
    return stack[-1]


def _postfix(node: _Subtree) -> Iterator[Node]:
    """The nodes of a subtree; a weight other than 1 is free."""
    for operand in node.operands:
        yield from _postfix(operand)
    yield Node(node.code, node.weight, node.weight != 1.0 or node.code == CONSTANT)


def _variants(node: _Subtree, functions: Collection[str]) -> Iterator[_Subtree]:
    """The subtree with one of its nodes replaced."""
    for place, operand in enumerate(node.operands):
        for variant in _variants(operand, functions):
            operands = (*node.operands[:place], variant, *node.operands[place + 1 :])
            yield replace(node, operands=operands)
    if node.code in (_ADD, _SUB):
        for other in (*_powers(node, functions), *_factored(node, functions)):
            yield replace(other, weight=node.weight * other.weight)


def _powers(node: _Subtree, functions: Collection[str]) -> Iterator[_Subtree]:
    """Other powers of c + t that are as steep, where c is a constant."""
    constants = [operand for operand in node.operands if operand.code == CONSTANT]
    others = [operand for operand in node.operands if operand.code != CONSTANT]
    if len(constants) != 1 or "div" not in functions or "add" not in functions:
        return
    sign = -1.0 if node.code == _SUB else 1.0
    # c − t is −(t − c), whose sign the weights above take.
    (constant,), (term,) = constants, others

    def total(steepness: float) -> _Subtree:
        scaled = replace(term, weight=sign * steepness * term.weight)
        return _Subtree(_ADD, operands=(scaled, constant))

    yield _Subtree(_DIV, operands=(_ONE, total(-1.0)))
    if "sqrt" in functions:
        yield _Subtree(_SQRT, operands=(total(2.0),))
        yield _Subtree(_DIV, operands=(_ONE, _Subtree(_SQRT, operands=(total(-2.0),))))


def _factored(node: _Subtree, functions: Collection[str]) -> Iterator[_Subtree]:
    """x·(1 + t) in place of x + x·t, for an input x."""
    if "mul" not in functions or "add" not in functions:
        return
    sign = -1.0 if node.code == _SUB else 1.0
    for leaf, other in (node.operands, node.operands[::-1]):
        rest = _without(other, leaf.code) if leaf.code > CONSTANT else None
        if rest is not None:
            scaled = replace(rest, weight=sign * rest.weight / leaf.weight)
            total = _Subtree(_ADD, operands=(scaled, _ONE))
            yield _Subtree(_MUL, operands=(replace(leaf, weight=1.0), total))


def _without(node: _Subtree, code: int) -> _Subtree | None:
    """A product without one factor of an input, or None where it has none."""
    if node.code not in (_MUL, _DIV):
        return None
    first, second = node.operands
    if first.code == code:
        if node.code == _DIV:
            return replace(node, operands=(_ONE, second))
        return replace(second, weight=node.weight * first.weight * second.weight)
    if node.code == _MUL and second.code == code:
        return replace(first, weight=node.weight * first.weight * second.weight)
    inner = _without(first, code)
    if inner is not None:
        return replace(node, operands=(inner, second))
    inner = _without(second, code) if node.code == _MUL else None
    return None if inner is None else replace(node, operands=(first, inner))
