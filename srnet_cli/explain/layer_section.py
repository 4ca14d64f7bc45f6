"""One layer as ``srnet explain`` prints it: expressions, units, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srnet_cli.explain.explanation import LATEX_WIDTH, Formula, LayerExplanation
from srnet_cli.expressions.latex_names import latex_name
from srnet_cli.expressions.layout import latex_lines, latex_width
from srnet_cli.rendering.document import Display, Equation, Equations, Section

SHOWN = 8
"""So many units of a layer are printed; the others differ in a few numbers. JSON holds them all."""

_MOST_EXPRESSIONS = 40
"""Where a layer has more expressions, only the first of them are printed."""

_LEAST_WIDTH = 30
"""Letters that a line of a formula has room for in any case."""


def layer_section(layer: LayerExplanation, display: Display) -> Section:
    """One layer: its expressions, and the readouts of its units."""
    shown = _shown_units(layer, display)
    expressions = _shown_expressions(layer, display)
    rest = "; ".join(_rest(layer, shown, len(layer.expressions) - len(expressions), display))
    units = [unit for unit in layer.units if unit.name in shown]
    return Section(_heading(layer, display), (equations([*expressions, *units], rest),))


def _shown_units(layer: LayerExplanation, display: Display) -> list[str]:
    """The units that have a line: those that the next layer reads, and of outputs the first.

    Units that equal another, or never change, are named in one line instead.
    """
    names = [unit.name for unit in layer.units if unit.name not in _named_together(layer)]
    if display.full:
        return names
    if layer.read is None:
        return names[:SHOWN]
    read = {*layer.read, *(layer.twins.get(name, name) for name in layer.read)}
    return [name for name in names if name in read] or names[:SHOWN]


def _shown_expressions(layer: LayerExplanation, display: Display) -> Sequence[Formula]:
    """The expressions that have a line: all, unless they are many."""
    is_short = display.full or len(layer.expressions) <= _MOST_EXPRESSIONS
    return layer.expressions if is_short else layer.expressions[:SHOWN]


def _named_together(layer: LayerExplanation) -> set[str]:
    """The units that one line tells of, unless they are all there is."""
    together = {*layer.twins, *layer.constant}
    return together if len(together) < len(layer.units) else set()


def _rest(
    layer: LayerExplanation, shown: Sequence[str], expressions: int, display: Display
) -> Iterator[str]:
    """What is said of the units, and of so many expressions, that have no line."""
    together = _named_together(layer)
    same: dict[str, list[str]] = {}
    for name, other in layer.twins.items():
        if name in together and name not in layer.constant:
            same.setdefault(other, []).append(name)
    yield from (f"the same as {other}: {_few(names, display)}" for other, names in same.items())
    values = {unit.name: unit.text for unit in layer.units}
    still = [f"{name} = {values[name]}" for name in layer.constant if name in together]
    if still:
        yield f"never change: {_few(still, display)}"
    if expressions:
        yield f"… and {expressions} more expressions; {display.spelled('full')} prints all"
    more = len(layer.units) - len(shown) - len(together)
    if more:
        unread = "" if layer.read is None else " that no formula of the next layer reads"
        plural = "s" if more > 1 else ""
        yield f"… and {more} more unit{plural}{unread}; {display.spelled('full')} prints all"


def _few(names: Sequence[str], display: Display) -> str:
    shown = names if display.full else names[:SHOWN]
    return ", ".join(shown) + (f" and {len(names) - SHOWN} more" if shown != names else "")


def equations(formulas: Sequence[Formula], rest: str = "") -> Equations:
    """Formulas as equations, which share the room that the longest name leaves."""
    names = [latex_name(formula.name) for formula in formulas]
    room = max(_LEAST_WIDTH, round(LATEX_WIDTH + 4 - max(map(latex_width, names), default=0)))
    return Equations(
        tuple(
            Equation(
                name=formula.name,
                text=formula.text,
                latex=tuple(latex_lines(formula.latex, room)),
                latex_name=name,
                mathml=formula.mathml,
                python=formula.python,
            )
            for formula, name in zip(formulas, names, strict=True)
        ),
        rest,
    )


def _heading(layer: LayerExplanation, display: Display) -> str:
    units = f"{len(layer.units)} unit{'s' if len(layer.units) > 1 else ''}"
    names = layer.inputs
    is_short = display.full or len(names) <= SHOWN
    inputs = ", ".join(names if is_short else (*names[:2], "…", names[-1]))
    return f"{layer.name}: {units} from {inputs}, complexity {layer.complexity}"
