"""How the front of a run looks in a notebook."""

from __future__ import annotations

from html import escape

from srnet_cli.fronts.formulas import NetworkFormula, NetworkFormulas

_ROWS_SHOWN = 12


def front_table(known: NetworkFormulas) -> str:
    """The first formulas of every front as a table of HTML."""
    rows = "".join(
        f"<tr><td>{escape(front.output)}</td><td>{each.complexity}</td>"
        f"<td>{each.error:.2g}</td><td>{_formula(each, front.answer)}</td></tr>"
        for front in known.fronts
        for each in front.members[:_ROWS_SHOWN]
    )
    head = "".join(f"<th>{name}</th>" for name in ("output", "nodes", "1−R²", "formula"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _formula(formula: NetworkFormula, answer: NetworkFormula) -> str:
    text = f"<code>{escape(formula.text)}</code>"
    return f"<strong>{text}</strong>" if formula is answer else text
