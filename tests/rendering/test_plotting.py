"""Names of users in plots."""

from __future__ import annotations

import pytest
from matplotlib.text import Text
from odd_documents import ODD_NAMES

from srnet_cli.rendering.plotting import as_png, blank_figure, label


@pytest.mark.parametrize("name", [*ODD_NAMES, "$", "$a", "$a$", r"\$x\$ $", "$\\frac$"])
def test_any_name_can_be_drawn(name: str) -> None:
    """As a title, on an axis and in a legend, without a formula being read into it."""
    figure = blank_figure(2, 2)
    axes = figure.add_subplot()
    axes.plot([1, 2], label=label(name))
    axes.set_xlabel(label(name))
    axes.legend(loc="upper left")
    assert as_png(figure).startswith(b"\x89PNG")
    assert Text()._preprocess_math(label(name)) == (label(name).replace(r"\$", "$"), False)
    assert len(axes.get_legend_handles_labels()[1]) == 1


def test_long_names_end_in_an_ellipsis() -> None:
    """They are cut to a length, which is seen."""
    assert label("a" * 30, 20) == "a" * 19 + "…"
    assert label("short", 20) == "short"
