"""The limits on expressions that an experiment sets, as the kernels take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from srnet_cli.cgp.kernels.limits import Limits
from srnet_cli.primitives import BY_NAME

if TYPE_CHECKING:
    from srnet_cli.config.schema import EvolutionSettings


def limited_functions(settings: EvolutionSettings) -> set[str]:
    """The functions whose uses or nesting are limited, or that others are limited in."""
    inner = {name for inners in settings.max_nesting.values() for name in inners}
    return {*settings.max_uses, *settings.max_nesting, *inner}


def most_additions(limits: Limits, longest: int) -> int:
    """Operations that a chain of additions may have, of at most ``longest``."""
    add, most = BY_NAME["add"].opcode, longest
    if limits.depth:
        most = min(most, limits.depth)
    for opcode, uses in limits.uses.tolist():
        if opcode == add:
            most = min(most, uses)
    for outer, inner, inside in limits.nesting.tolist():
        if outer == inner == add:
            most = min(most, inside + 1)
    return most


def limits_of(settings: EvolutionSettings) -> Limits:
    """The limits of a search."""
    uses = [(BY_NAME[name].opcode, most) for name, most in settings.max_uses.items()]
    nesting = [
        (BY_NAME[outer].opcode, BY_NAME[inner].opcode, most)
        for outer, inners in settings.max_nesting.items()
        for inner, most in inners.items()
    ]
    return Limits(
        settings.max_depth or 0,
        np.array(uses, dtype=np.int64).reshape(-1, 2),
        np.array(nesting, dtype=np.int64).reshape(-1, 3),
    )
