"""Which formulas of a run are meant: of its composition, and straight from its inputs; and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from srnet_cli.errors import UsageError
from srnet_cli.fronts.formulas import FormulaFront, NetworkFormula
from srnet_cli.fronts.front import Composition, Fronts
from srnet_cli.runs.expressions_file import FIDELITY
from srnet_cli.runs.fronts import StoredFronts
from srnet_cli.runs.run import FittedRun


@dataclass(frozen=True)
class Choice:
    """What a user asks to see; nothing: the simplest composition that keeps 0.99 of R².

    Attributes:
        fidelity: of all compositions with at least so much times the greatest R² of the output on
            held-out rows, the simplest; above 0, at most 1.
        complexity: of all compositions of at most so many nodes, the most faithful.
        layer, pick: then, in layer ``layer``, take member ``pick`` of its front; both from 1.
        as_found: show what the search has found, unchanged.
    """

    fidelity: float | None = None
    complexity: int | None = None
    layer: int | None = None
    pick: int | None = None
    as_found: bool = False

    def check(self) -> None:
        """Make sure that the wishes are in range and do not contradict each other.

        Raises:
            UsageError: they do.
        """
        if self.fidelity is not None and self.complexity is not None:
            raise UsageError(
                "they contradict each other; give one of them", options=("fidelity", "complexity")
            )
        if self.as_found and (others := replace(self, as_found=False).wishes):
            raise UsageError(
                "the formulas of the search are shown as they are; give it alone, or choose others",
                options=("as_found", *others),
            )
        if self.fidelity is not None and not 0.0 < self.fidelity <= 1.0:
            given = {"fidelity": f"{self.fidelity:g}"}
            raise UsageError("give a number above 0, at most 1", options=given)
        if self.complexity is not None and self.complexity < 1:
            given = {"complexity": str(self.complexity)}
            raise UsageError("give a number of nodes, at least 1", options=given)
        if (self.layer is None) != (self.pick is None):
            raise UsageError(
                "they belong together: which layer, and which member of its front",
                hint="'srnet explain --fronts' lists the members",
                options=("layer", "pick"),
            )

    @property
    def wishes(self) -> tuple[str, ...]:
        """The names of what is asked for."""
        return tuple(
            field.name for field in fields(self) if getattr(self, field.name) != field.default
        )

    @property
    def needs_fronts(self) -> bool:
        """Whether a run without fronts cannot answer."""
        return self.complexity is not None or self.layer is not None


DEFAULT = Choice()

NOWHERE_ELSE = "undefined somewhere in the domain, as all of the front are"
ALONE = "undefined somewhere in the domain"
"""What is said where nothing is left that is not refuted."""


@dataclass(frozen=True)
class Shown:
    """The composition shown, beside the most faithful one.

    Attributes:
        why: what was asked for, in words.
        picks: the members of the layers' fronts that it is made of, by number from 1; None where a
            layer is as the search found it and that is not on its front.
        complexity: nodes of the expressions of all layers; None where there are no fronts.
        r2: of the output on the rows judged by, units pooled; None where it is not finite.
        most_faithful_complexity, most_faithful_r2: the same of the most faithful composition.
        compositions: how many there are to choose from, 0 where there are no fronts.
    """

    why: str
    picks: tuple[int | None, ...] = ()
    complexity: int | None = None
    r2: float | None = None
    most_faithful_complexity: int | None = None
    most_faithful_r2: float | None = None
    compositions: int = 0


def chosen(fitted: FittedRun, choice: Choice) -> tuple[FittedRun, Shown]:
    """The run with the composition asked for as its model, and a record of it.

    Raises:
        UsageError: there are no fronts, or they hold nothing of the kind.
    """
    stored = fitted.fronts
    if stored is None:
        return fitted, _without_fronts(fitted, choice)
    fronts = stored.fronts
    best = fronts.offered[0]
    shown = Shown(
        "as the search found it",
        most_faithful_complexity=best.complexity,
        most_faithful_r2=best.r2,
        compositions=len(fronts.compositions),
    )
    if choice.as_found:
        return fitted, shown
    base, why = _base(fitted, stored, choice)
    why += _left_out(fronts)
    picks, model = base.picks, base.model(fitted.model)
    if choice.layer is not None and choice.pick is not None:
        model = stored.with_pick(fitted.model, fitted.network, base, choice.layer, choice.pick)
        picks = (*picks[: choice.layer - 1], choice.pick, *picks[choice.layer :])
        why = f"{why}, with member {choice.pick} of the front of layer {choice.layer}"
    shown = replace(shown, why=why, picks=picks, complexity=base.complexity, r2=base.r2)
    return replace(fitted, model=model), shown


def _base(fitted: FittedRun, stored: StoredFronts, choice: Choice) -> tuple[Composition, str]:
    fronts = stored.fronts
    simplest = fronts.offered[-1]
    if choice.complexity is not None:
        if fitted.formulas is not None and choice.complexity < simplest.complexity:
            # The formula of the whole network answers; its layers take more.
            return simplest, f"the simplest, as none has {choice.complexity} nodes"
        why = f"the most faithful of at most {choice.complexity} nodes"
        return fronts.within(choice.complexity), why
    fidelity = FIDELITY if choice.fidelity is None else choice.fidelity
    base = fronts.simplest(fidelity)
    if base is fronts.offered[0]:
        return base, "the most faithful"
    return base, f"the simplest that keeps {fidelity:g} of R²"


def _left_out(fronts: Fronts) -> str:
    """What is said of compositions that are refuted; empty where there is none."""
    count, refuted = len(fronts.compositions), sum(c.is_refuted for c in fronts.compositions)
    if refuted == count:
        return f", {NOWHERE_ELSE}" if count > 1 else f", {ALONE}"
    return f", {refuted} that are undefined somewhere left out" if refuted else ""


def _without_fronts(fitted: FittedRun, choice: Choice) -> Shown:
    if fitted.model.depth < len(fitted.network.widths) - 1:
        return Shown("straight from the inputs")
    reason = "they are made when it finishes"
    if fitted.is_done:
        reason = "it had no time for them, or is of an earlier version"
    if choice.needs_fronts:
        raise UsageError(
            f"{fitted.path} has no fronts to choose from: {reason}",
            hint="without these options 'srnet explain' shows what the search has found",
        )
    why = f"as the search found it; no simpler formulas, {reason}"
    return Shown(why)


def chosen_formulas(
    fronts: Sequence[FormulaFront], choice: Choice
) -> tuple[tuple[NetworkFormula, ...], str]:
    """The formula asked for of every output, straight from the inputs, and why it is that.

    Args:
        fronts: one per output.
        choice: which member; by default the knee of each front.
    """
    if choice.complexity is not None:
        why = f"the most faithful of at most {choice.complexity} nodes"
        formulas = tuple(front.within(choice.complexity) for front in fronts)
    elif choice.fidelity is not None:
        why = f"the simplest that keeps {choice.fidelity:g} of R²"
        formulas = tuple(front.simplest(choice.fidelity) for front in fronts)
    else:
        why = "the knee of the front"
        formulas = tuple(front.answer for front in fronts)
    return formulas, why + _formulas_left_out(fronts)


def _formulas_left_out(fronts: Sequence[FormulaFront]) -> str:
    """The same as ``_left_out`` of formulas straight from the inputs."""
    hopeless = [front for front in fronts if all(m.is_refuted for m in front.members)]
    others = [front for front in fronts if front not in hopeless]
    left_out = sum(m.is_refuted for front in others for m in front.members)
    words = f", {left_out} that are undefined somewhere left out" if left_out else ""
    for front in hopeless:
        what = NOWHERE_ELSE if len(front.members) > 1 else ALONE
        words += f"; {front.output} {what}" if len(fronts) > 1 else f", {what}"
    return words
