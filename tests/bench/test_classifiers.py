"""What the classifiers' benchmark reuses, counts and says of who is ahead."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"
SCRIPT = """
import json, pathlib, sys
run = pathlib.Path(sys.argv[1])
run.mkdir(exist_ok=True)
same = {"agreement": 0.9, "kappa": 0.8, "majority_rate": 0.5, "confusion": []}
metrics = {"network": {"accuracy": 0.7}, "rows": {"train": 9}, "agreement": {"train": same}}
(run / "metrics.json").write_text(json.dumps(metrics))
"""


@pytest.fixture
def support(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Modules that the benchmarks share, by name."""
    monkeypatch.syspath_prepend(str(BENCH))
    yield lambda name: importlib.import_module(f"support.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "support"]:
        del sys.modules[name]


def figures(**same: float) -> dict[str, Any]:
    """One seed's figures of a set of ten instances."""
    return {
        "interpolation": {
            kind: {"counted": value, "failed": 0, "total": 10, "majority": {"value": 0.6}}
            for kind, value in same.items()
        }
    }


def test_who_is_ahead_is_by_medians_and_seed_by_seed(support: Any) -> None:
    """The greatest median leads; a seed counts for the formulas only where they beat both."""
    beside = support("beside")
    seeds = [
        figures(formula=0.9, lime=0.7, maple=0.8),
        figures(formula=0.9, lime=0.7, maple=0.9),
        figures(formula=0.5, lime=0.7, maple=1.0),
    ]
    (row,) = beside.rows({"P9": seeds}, "interpolation")
    assert dict(zip(beside.HEAD, row, strict=True)) == {
        "network": "P9",
        "SRNet": "0.9000",
        "LIME": "0.7000",
        "MAPLE": "0.9000",
        "majority": "0.6000",
        "ahead": "SRNet = MAPLE",
        "SRNet ahead of both": "1 of 3 seeds",
        "failed": "0 of 30",
    }


def test_a_set_that_no_run_has_is_a_row_of_none(support: Any) -> None:
    """Such as the boundary of a network that names one class."""
    beside = support("beside")
    (row,) = beside.rows({"P9": [figures(formula=1, lime=1, maple=1)]}, "boundary")
    assert row == ["P9", *["none"] * (len(beside.HEAD) - 1)]


def compared_run(folder: Path, kinds: tuple[str, ...], total: int = 8) -> Path:
    """A run with a comparison at so many instances, of which MAPLE failed on two."""
    lines = ["set,explainer,measure,value,low,high,instances"]
    for kind in kinds:
        failed = 2 if kind == "maple" else 0
        for measure in ("agreement", "kappa", "majority"):
            lines.append(f"interpolation,{kind},{measure},0.5,0.4,0.6,{total - failed}")
        lines.append(f"interpolation,{kind},failed,{failed},,,{total}")
    folder.mkdir(exist_ok=True)
    (folder / "compare.csv").write_text("\n".join(lines) + "\n")
    (folder / "metrics.json").write_text(json.dumps({"rows": {"train": 30, "interpolation": 12}}))
    return folder


@pytest.mark.parametrize(
    ("kinds", "instances", "is_again"),
    [
        (("formula", "lime", "maple"), 8, False),
        (("formula", "lime", "maple"), 9, True),
        (("formula",), 8, True),
    ],
)
def test_a_comparison_is_made_once(
    support: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kinds: tuple[str, ...],
    instances: int,
    is_again: bool,
) -> None:
    """Unless it was of other instances, or without LIME and MAPLE."""
    beside = support("beside")
    run = compared_run(tmp_path, kinds)
    asked = []

    def srnet(*words: object) -> None:
        asked.append(words)
        compared_run(tmp_path, ("formula", "lime", "maple"), instances)

    monkeypatch.setattr(beside, "srnet", srnet)
    found = beside.compared(run, instances, 2)["interpolation"]
    assert bool(asked) == is_again
    assert found["formula"]["counted"] == 0.5
    assert found["maple"]["failed"] == 2
    assert found["maple"]["counted"] == pytest.approx(0.5 * (instances - 2) / instances)


def test_of_few_rows_all_are_enough(support: Any, tmp_path: Path) -> None:
    """A set of twelve rows has no two hundred instances to compare on."""
    run = compared_run(tmp_path, ("formula", "lime", "maple"), 12)
    assert support("beside").compared(run, 200, 1)["interpolation"]["lime"]["total"] == 12


def test_seconds_are_those_of_the_fit_that_made_the_run(
    support: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept for the next time; of a run that was there before there are none."""
    fits, measured = support("fits"), support("measured")
    monkeypatch.setattr(
        fits.Fit, "command", lambda self, threads: [sys.executable, "-c", SCRIPT, str(self.folder)]
    )
    one = fits.Fit("P9", 0, (), tmp_path / "run")
    first = measured.measured_fit(one, 1)
    assert first["seconds"] > 0
    assert first["memory_mib"] > 1
    assert first["agreement"]["train"] == {"agreement": 0.9, "kappa": 0.8, "majority_rate": 0.5}
    assert measured.measured_fit(one, 1) == first
    (tmp_path / "other").mkdir()
    found = measured.measured_fit(fits.Fit("P9", 0, (), tmp_path / "other"), 1)
    assert (found["seconds"], found["memory_mib"]) == (None, None)
    assert found["network"] == first["network"]


def test_a_fit_that_fails_ends_the_benchmark_in_one_line(
    support: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command and its exit code, and nothing kept."""
    fits, measured = support("fits"), support("measured")
    monkeypatch.setattr(
        fits.Fit, "command", lambda *_: [sys.executable, "-c", "import sys; sys.exit(3)"]
    )
    with pytest.raises(SystemExit, match="ended with exit code 3"):
        measured.measured_fit(fits.Fit("P9", 0, (), tmp_path / "run"), 1)
    assert list(tmp_path.iterdir()) == []
