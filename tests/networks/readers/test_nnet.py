"""``.nnet``: read as its definition says, against a plain reading of the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network

TEXT = """// a comment
2,2,1,3,
2,3,1,
0,
-1.0,0.0,
1.0,10.0,
0.5,5.0,2.0,
2.0,10.0,4.0,
1.0,-1.0,
0.5,0.25,
-2.0,1.0,
0.1,
-0.2,
0.3,
1.0,2.0,-1.0,
0.75,
"""


def read(text: str, folder: Path):  # type: ignore[no-untyped-def]
    path = folder / "n.nnet"
    path.write_text(text)
    return read_network(path, Wishes())


def test_values_are_those_of_the_definition(tmp_path: Path) -> None:
    """Inputs less their means by their ranges, ReLU, outputs times their range plus their mean."""
    loaded = read(TEXT, tmp_path)
    assert loaded.domain == {"x0": (-1.0, 1.0), "x1": (0.0, 10.0)}
    for x0, x1 in np.random.default_rng(0).uniform(-1, 10, (20, 2)):
        a, b = (x0 - 0.5) / 2.0, (x1 - 5.0) / 10.0
        hidden = [a - b + 0.1, 0.5 * a + 0.25 * b - 0.2, -2.0 * a + b + 0.3]
        p, q, r = (max(value, 0.0) for value in hidden)
        y = (p + 2.0 * q - r + 0.75) * 4.0 + 2.0
        assert loaded.network.predict(np.array([[x0, x1]]))[0, 0] == pytest.approx(y, rel=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2,2,1,3,", "2,2,\n1,3,", "widths do not fit"),
        ("2,2,1,3,", "9,2,1,3,", "widths do not fit"),
        ("2,2,1,3,", "2,3,1,3,", "widths do not fit"),
        ("2,3,1,", "2,99999999,1,", "widths do not fit"),
        ("0.1,\n", "one,\n", "biases of layer 1 cannot be read"),
        ("0.75,\n", "", "biases of layer 2 cannot be read"),
        ("1.0,2.0,-1.0,", "1.0,2.0,", "weights of layer 2 are 2 numbers"),
        ("0.1,\n", "nan,\n", "not finite"),
        ("2.0,10.0,4.0,", "0.0,10.0,4.0,", "not positive"),
        ("// a comment", "\u00e9", "no plain text"),
    ],
)
def test_damaged_text_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """One line says which part cannot be read."""
    with pytest.raises(ModelError, match=message) as caught:
        read(TEXT.replace(old, new, 1), tmp_path)
    assert "\n" not in str(caught.value)


def test_a_text_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    """No part of a file passes for the whole."""
    for length in range(0, len(TEXT) - 5, 9):
        with pytest.raises(ModelError):
            read(TEXT[:length], tmp_path)
