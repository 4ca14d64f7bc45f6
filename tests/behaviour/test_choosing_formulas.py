"""``srnet explain`` as a user chooses what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_run import write_config

from srnet_cli import cli

pytestmark = pytest.mark.usefixtures("home")


def run(*arguments: object) -> int:
    """Run the command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a finished run of strategy auto, whose formulas have something to leave out."""
    folder = tmp_path_factory.mktemp("home")
    config = write_config(
        folder,
        ("strategy: mnncgp-es", "strategy: auto\n  expressions: 2\n  max_length: 6"),
        ("generations: 60", "generations: 25\n  direct_share: 0"),
        ("samples: 60", "samples: 60\n  oracle_rows: 300"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRNET_RUNS_DIR", str(folder / "runs"))
        assert run("fit", config, "--quiet") == 0
        yield folder


def explained(capsys: pytest.CaptureFixture[str], *options: object) -> dict[str, Any]:
    assert run("explain", "--format", "json", *options) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


def nodes(record: dict[str, Any]) -> int:
    return sum(layer["complexity"] for layer in record["layers"])


def test_explain_shows_the_composition_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By fidelity, by complexity, by a layer's member: the list says beforehand what will be shown,
    in complexity and in R², and every figure is that of what is shown."""
    listed = explained(capsys, "--fronts")
    best, *others = listed["compositions"]
    assert len(others) >= 3

    def check(entry: dict[str, Any], *options: object) -> None:
        chosen = explained(capsys, *options)
        assert nodes(chosen) == chosen["shown"]["complexity"] == entry["complexity"]
        assert chosen["shown"]["r2"] == chosen["printed"]["exact"] == entry["r2"]
        assert chosen["layers"][-1]["r2"]["interpolation"] == entry["r2"]
        assert chosen["shown"]["most_faithful_complexity"] == best["complexity"]
        assert chosen["shown"]["picks"] == entry["picks"]

    check(best, "--fidelity", 1)
    kept = [
        composition
        for composition in listed["compositions"]
        if composition["r2"] >= 0.99 * best["r2"]
    ]
    check(kept[-1])
    for entry in others[::3]:
        check(entry, "--complexity", entry["complexity"])
        if entry["r2"] > 0:
            check(entry, "--fidelity", entry["r2"] / best["r2"] * (1 - 1e-12))
    for layer, front in enumerate(listed["layers"]):
        picked = explained(capsys, "--fidelity", 1, "--layer", layer + 1, "--pick", len(front))
        picks = [*best["picks"]]
        picks[layer] = len(front)
        assert picked["shown"]["picks"] == picks
        assert picked["layers"][layer]["complexity"] == front[-1]["complexity"]
        assert nodes(picked) == picked["shown"]["complexity"]
        if picks == best["picks"]:
            assert picked["shown"]["complexity"] == best["complexity"]
        same = [
            composition["r2"]
            for composition in listed["compositions"]
            if composition["picks"] == picks
        ]
        assert picked["shown"]["r2"] == pytest.approx(same[0], abs=1e-9) if same else True


def test_explain_lists_fronts_in_every_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A row per composition and member, one of them marked as shown."""
    listed = explained(capsys, "--fronts")
    rows = len(listed["compositions"]) + sum(map(len, listed["layers"]))
    for form, mark in (("table", "  "), ("markdown", "| ")):
        assert run("explain", "--fronts", "--format", form) == 0
        lines = capsys.readouterr().out.splitlines()
        assert (
            sum(line.startswith(mark) and line[2:].strip()[0].isdigit() for line in lines) == rows
        )
        assert sum("shown" in line.split() for line in lines) == 1
    assert run("explain", "--fronts", "--format", "latex") == 0
    assert capsys.readouterr().out.count(r"\begin{tabular}") == 1 + len(listed["layers"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fidelity", 1, "--complexity", 9], "contradict each other"),
        (["--fidelity", 0], "--fidelity 0: give a number above 0"),
        (["--fidelity", "nan"], "--fidelity nan: give a number above 0"),
        (["--complexity", 0], "--complexity 0: give a number of nodes"),
        (["--complexity", 1], "--complexity 1: the simplest composition has"),
        (["--layer", 1], "--layer and --pick: they belong together"),
        (["--pick", 1], "--layer and --pick: they belong together"),
        (["--layer", 4, "--pick", 1], "--layer 4: give 1 to 3"),
        (["--layer", 1, "--pick", 99], "--pick 99: the front of layer 1 has 1 to"),
        (["--as-found", "--fidelity", 1], "--as-found and --fidelity: "),
        (["--fronts", "--fidelity", 1], "--fronts and --fidelity: "),
        (["--fronts", "--digits", 3], "--fronts and --digits: "),
        (["--fronts", "--as-found"], "--fronts and --as-found: "),
        (["--fronts", "--scaled"], "--fronts and --scaled: "),
        (["--fronts", "--at", "0"], "--fronts and --at: "),
        (["--at", "0", "--scaled"], "--at and --scaled: "),
        (["--at", "0", "--digits", 18], "--digits 18: give 1 to 17"),
    ],
    ids=str,
)
def test_choices_that_cannot_be_are_one_line(
    capsys: pytest.CaptureFixture[str], options: list[object], message: str
) -> None:
    """Options that contradict each other, or ask for what is not there: exit 2, nothing printed."""
    assert run("explain", *options) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err.splitlines()[0]
    assert len(captured.err.splitlines()) <= 2
