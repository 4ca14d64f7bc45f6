"""Configs in Python are those of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_run import write_config

import srnet_cli.api as srnet
from srnet_cli.config.resolved import signature
from srnet_cli.errors import ConfigError


def test_keywords_make_the_config_of_a_file(tmp_path: Path) -> None:
    """Numbers of NumPy, tuples and paths are taken, and the signature is the file's."""
    (tmp_path / "c.yaml").write_text(
        "name: mine\nseed: 2\ndataset: {formula: x*y, domain: {x: [-1, 1], y: [0, 2]}}\n"
        "network: {train: {hidden: [4, 2]}}\n"
    )
    built = srnet.make_config(
        "mine",
        seed=np.int64(2),
        dataset={"formula": "x*y", "domain": {"x": (-1, 1), "y": np.array([0.0, 2.0])}},
        network={"train": {"hidden": (4, 2)}},
    )
    assert signature(built) == signature(srnet.load_config(tmp_path / "c.yaml"))


def test_overrides_replace_what_a_file_says(tmp_path: Path) -> None:
    """By dotted key; values are Python's."""
    changes = {"evolution.generations": 7, "evolution.functions": ["add"], "name": "it's: 1"[:2]}
    loaded = srnet.load_config(write_config(tmp_path), changes)
    assert (loaded.evolution.generations, loaded.evolution.functions) == (7, ("add",))
    assert loaded.name == "it"


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"network": {"lode": "x.onnx"}}, "network.lode: unknown key; did you mean"),
        ({"network": {"train": {}}, "seed": "one"}, "seed: expected an integer"),
        ({"network": {"train": {}}, "seeds": 1}, "seeds: unknown key"),
    ],
)
def test_a_wrong_key_is_named(sections: dict[str, object], words: str) -> None:
    """As in a file."""
    with pytest.raises(ConfigError, match=words):
        srnet.make_config("mine", **sections)  # type: ignore[arg-type]
