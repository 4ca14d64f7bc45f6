"""Layers go by their number, by srnet's names, and by those of the network's file."""

from __future__ import annotations

import pytest

from srnet_cli.runs.layer_names import layer_number, named_layer

LAYERS = ("model/relu:0", "h1", "logits")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("hidden 1", 1),
        ("Hidden 2", 2),
        ("hidden_2", 2),
        ("h2", 2),
        ("output", 3),
        ("model/relu:0", 1),
        ("h1", 2),  # the file's word counts
        ("logits", 3),
        ("hidden", None),
        ("h", None),
        ("relu", None),
        ("", None),
    ],
)
def test_a_name_stands_for_a_layer(name: str, number: int | None) -> None:
    """Whoever gave it."""
    assert named_layer(name, LAYERS) == number


def test_numbers_need_no_run() -> None:
    """They are what they are; what is out of range is seen where they are used."""
    assert layer_number(None, "2") == 2
    assert layer_number(None, "-1") == -1
    assert layer_number(None, None) is None
