"""What a direct search has found so far, for those who watch it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.written import one_line
from srnet_cli.evolution.direct import HallOfFame, Member
from srnet_cli.expressions.builder import affine, to_sympy
from srnet_cli.expressions.names import Names
from srnet_cli.expressions.normal_form import normal_form
from srnet_cli.expressions.printers import as_text
from srnet_cli.expressions.trees import rounded
from srnet_cli.networks import TrainedNetwork
from srnet_cli.reporting import FormulaProgress, FrontProgress
from srnet_cli.runs.outputs import direct_names
from srnet_cli.runs.records import Inputs

Array = NDArray[np.float64]

_DIGITS = 4
_ROWS = 64


class LiveFronts:
    """Turns halls of fame into what reporters are given; formulas are written on being asked for.

    Args:
        inputs: names of features, target and classes.
        network: the network.
        X: raw rows, (n, d), on a few of which formulas keep their values when they are written.
    """

    def __init__(self, inputs: Inputs, network: TrainedNetwork, X: Array) -> None:
        self._inputs, self._network, self._rows = inputs, network, X[:_ROWS]

    def __call__(self, halls: Sequence[HallOfFame]) -> tuple[FrontProgress, ...]:
        """The front of every output."""
        return tuple(
            FrontProgress(self._outputs[hall.output], tuple(map(self._formula, hall.members)))
            for hall in halls
        )

    @cached_property
    def _outputs(self) -> list[str]:
        return [one_line(name) for name in direct_names(self._inputs, self._network)]

    @cached_property
    def _names(self) -> Names:
        return Names(tuple(self._inputs.features))

    def _formula(self, member: Member) -> FormulaProgress:
        return FormulaProgress(member.nodes, member.error, partial(self._text, member))

    def _text(self, member: Member) -> str:
        """The formula in normal form, its numbers rounded to a few digits."""
        symbols = self._names.symbols
        exact = affine([(member.weight, to_sympy(member.program, symbols))], member.bias)
        return as_text(rounded(normal_form(exact, symbols, self._rows), _DIGITS))
