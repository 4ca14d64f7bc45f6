"""The formulas of a run that stand in for its network elsewhere, as one function of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import UsageError
from srnet_cli.evolution.problem import direct_outputs
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.fidelity.labels import decided
from srnet_cli.fidelity.row_sets import SET_NAMES, judged
from srnet_cli.fidelity.validity import check_values, warnings
from srnet_cli.fronts.formulas import NetworkFormula
from srnet_cli.metrics import accuracy, r2_per_unit
from srnet_cli.runs.choice import DEFAULT, Choice, chosen, chosen_formulas
from srnet_cli.runs.outputs import direct_names
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import find_run, runs_root

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Selection:
    """Formulas of a finished run.

    Attributes:
        fitted: the run; its model is the composition that was chosen.
        formulas: one per direct output, straight from the inputs, see ``problem.direct_outputs``;
            None where the composition answers.
        why: how they were chosen, in words.
    """

    fitted: FittedRun
    formulas: tuple[NetworkFormula, ...] | None
    why: str

    @property
    def names(self) -> list[str]:
        """What the values are called."""
        fitted = self.fitted
        if self.formulas is None:
            return fitted.output_names
        return direct_names(fitted.inputs, fitted.network)

    def values(self, X: Array) -> Array:
        """What the formulas say of raw rows: (n, d) -> (n, k); of two classes one score, if direct.

        Not finite where a formula has no value.
        """
        if self.formulas is None or self.fitted.formulas is None:
            return self.fitted.model.predict(X)
        evaluate = Evaluator(self.fitted.formulas.names.symbols, X)
        return np.column_stack([evaluate(formula.expression) for formula in self.formulas])

    def outputs(self, X: Array) -> Array:
        """The network's outputs by the formulas, a score per class of a classifier: (n, m)."""
        values = self.values(X)
        return values * np.array([-0.5, 0.5]) if self.is_one_score else values

    @property
    def is_one_score(self) -> bool:
        """Whether one score decides between two classes: above 0 it names the second."""
        return self.fitted.has_classes and len(self.names) == 1

    def worth(self) -> Iterator[str]:
        """What the formulas are worth on the rows that judge, a sentence per figure."""
        fitted = self.fitted
        name = judged(fitted.sets)
        rows, where = fitted.assessment[name], f"on {SET_NAMES[name]} rows"
        known = direct_outputs(rows.truth, self.is_one_score)
        for output, r2 in zip(self.names, r2_per_unit(known, self.values(rows.X)), strict=True):
            # Of an output that does not vary there is nothing to explain.
            if np.isfinite(r2):
                yield f"{output}: 1−R² {1.0 - r2:.3g} to the network {where}"
            else:
                yield f"{output}: no R² {where}"
        if fitted.has_classes:
            same = accuracy(rows.network_labels, decided(self.outputs(rows.X)))
            yield f"names the network's class on {same:.4f} of {len(rows)} {SET_NAMES[name]} rows"

    def failures(self) -> Iterator[str]:
        """Where they have no value, or one beyond all of the network's; a sentence each."""
        fitted = self.fitted
        checked = {
            region: check_values(
                fitted.model.features,
                X,
                self.values(X),
                direct_outputs(fitted.network.outputs_to_compare(X), self.is_one_score),
            )
            for region, X in fitted.regions().items()
        }
        warned = tuple(warnings(checked))
        rows = sum(each.rows for each in checked.values())
        well = f"has a value within the network's range on all of {rows} rows checked"
        yield from warned or (well,)


def select(
    reference: str | None, choice: Choice = DEFAULT, *, composition: bool = False
) -> Selection:
    """The formulas of a run: straight from the inputs where there are any, else layer by layer.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        choice: which of the formulas.
        composition: whether the layers shall answer all the same.

    Raises:
        UsageError: no such run, it has not finished, or a choice that there is not.
        StorageError, ModelError: the run is damaged.
    """
    choice.check()
    return select_from(read_run(find_run(runs_root(), reference)), choice, composition=composition)


def select_from(
    fitted: FittedRun, choice: Choice = DEFAULT, *, composition: bool = False
) -> Selection:
    """The same of a run that has been read; see ``select``.

    Raises:
        UsageError: it has not finished, or there is no such choice.
    """
    choice.check()
    if not fitted.is_done:
        raise UsageError(
            f"{fitted.path} has not finished",
            hint="the 'srnet fit' that made it goes on from there",
        )
    by_layers = composition or choice.as_found or choice.layer is not None
    if fitted.formulas is not None and not by_layers:
        formulas, why = chosen_formulas(fitted.formulas.fronts, choice)
        return Selection(fitted, formulas, why)
    fitted, shown = chosen(fitted, choice)
    return Selection(fitted, None, shown.why)
