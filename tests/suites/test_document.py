"""Figures of suites as text."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from small_suite import SUITE, write_suite

from srnet_cli.rendering.formats import render
from srnet_cli.rendering.table import number
from srnet_cli.suites import running
from srnet_cli.suites.document import document
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import read_entries
from srnet_cli.suites.overview import make_summary


def test_numbers_keep_their_sign() -> None:
    """Infinite ones too; what is unknown is left out."""
    cells = [
        number(value, ".3g").text
        for value in (None, math.nan, math.inf, -math.inf, -0.12345, 1234.5)
    ]
    assert cells == ["", "", "inf", "-inf", "-0.123", "1.23e+03"]


@pytest.mark.parametrize(
    ("published", "networks", "said"),
    [
        ("fitness", ("K0", "K1"), "medians of 30 trials"),
        ("agreement", ("P0", "P1"), "mean and half-range"),
    ],
)
def test_what_was_published_is_said_before_a_trial_has_ended(
    tmp_path: Path, published: str, networks: tuple[str, str], said: str
) -> None:
    """It does not hang on what there is to set beside it."""
    text = SUITE.replace("first:", f"{networks[0]}:").replace("second:", f"{networks[1]}:")
    planned = running.plan(write_suite(tmp_path, f"{text}published: {published}\n"))
    with SuiteFolder.claim(tmp_path / "run", planned) as folder:
        summary = make_summary(folder, read_entries(folder))
    lines = render(document(summary), "table").splitlines()
    (line,) = (line for line in lines if line.startswith("published:"))
    assert said in line
