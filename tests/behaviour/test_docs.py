"""What the documents say can be done, and what they say there is."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from small_run import CONFIG

from srnet_cli import cli
from srnet_cli.cli.app import app
from srnet_cli.fit import fitting

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name / "README.md" for name in ("runs", "data")),
]
OFFLINE = {"validate", "fit", "explain", "compare", "ls", "verify"}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def shell_lines(page: Path) -> list[str]:
    """The commands in a page's shell blocks, without prompts and comments."""
    blocks = re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", page.read_text(), re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    commands = (shlex.join(shlex.split(line.removeprefix("$ "), comments=True)) for line in lines)
    return [command for command in commands if command]


COMMANDS = [(name_of(page), line) for page in PAGES for line in shell_lines(page)]
SRNET = [(page, line) for page, line in COMMANDS if re.match(r"(\S*/)?srnet ", line)]


def test_there_is_something_to_check() -> None:
    """The README shows the two commands and the everyday ones."""
    lines = [line for page, line in COMMANDS if page == "README.md"]
    assert {"make demo", "make test"} <= set(lines)
    assert {shlex.split(line)[1] for page, line in SRNET if page == "README.md"} >= OFFLINE


@pytest.mark.parametrize(("page", "line"), SRNET)
def test_every_srnet_command_parses(page: str, line: str) -> None:
    """Commands, options and values in the documents exist."""
    arguments = shlex.split(line)[1:]
    group: Any = typer.main.get_command(app)
    context = group.make_context("srnet", arguments)
    name, command, rest = group.resolve_command(context, arguments)
    command.make_context(name, rest, parent=context)
    for argument in arguments:
        if argument.startswith("configs/"):
            assert (ROOT / argument).is_file(), argument


@pytest.mark.parametrize("line", sorted({line for _, line in COMMANDS if line.startswith("make ")}))
def test_every_make_command_exists(line: str) -> None:
    """Targets in the documents are in the Makefile."""
    if shutil.which("make") is None:
        pytest.skip("needs make")
    target = shlex.split(line)[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


def test_the_readmes_commands_run(
    tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the README's order, on a config that takes a moment, each everyday command ends well."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    # The inputs have the names that the README's formula has.
    config = re.sub(r"\bx\b", "speed", re.sub(r"\by\b", "radius", CONFIG))
    (tmp_path / "configs" / "quickstart.yaml").write_text(config)
    lines = [line for page, line in SRNET if page == "README.md"]
    assert len(lines) >= 6
    for line in lines:
        with pytest.raises(SystemExit) as stop:
            cli.main(shlex.split(line)[1:])
        assert stop.value.code == 0, line
    assert len(list(runs_dir.iterdir())) == 2


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """A link within the project leads to a file."""
    for link in links(page):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_paths_exist(page: Path) -> None:
    """Modules, configs and documents that a page names are there."""
    paths = re.findall(r"`((?:srnet_cli|configs|docs|tests|bench)/[\w./-]+)`", page.read_text())
    for path in paths:
        assert (ROOT / path).exists() or list(ROOT.glob(f"{path}*")), path


def test_every_module_of_the_architecture_exists() -> None:
    """The architecture page names modules by their path within the package."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    paths = set(re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?)`", text))
    inside = {path for path in paths if (path.split("/")[0] not in ("docs", "configs"))}
    assert len(inside) > 20
    for path in inside:
        assert (ROOT / "srnet_cli" / path.removeprefix("srnet_cli/")).exists(), path


def test_the_picture_of_the_rooms_is_the_one_that_is_checked() -> None:
    """The rooms on the architecture page are those of import-linter, floor by floor."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (layers,) = [
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    rooms = {path.stem for path in (ROOT / "srnet_cli").iterdir() if not path.name.startswith("_")}
    checked = [[room.strip("() ") for room in layer.split("|")] for layer in layers]
    there = [[room for room in floor if room in rooms] for floor in checked]
    text = (ROOT / "docs" / "architecture.md").read_text()
    (picture,) = re.findall(r"```text\n(.*?)```", text, re.S)
    shown = [re.split(r" {2,}", line)[0].split("|") for line in picture.splitlines()]
    assert [[room.strip() for room in floor] for floor in shown] == [f for f in there if f]


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_config_page_is_that_of_the_schema() -> None:
    """Every key stands there with its default and meaning, as the script writes it."""
    page = load_script(ROOT / "docs" / "make_config.py").page()
    assert (ROOT / "docs" / "config.md").read_text() == page, "run docs/make_config.py"
    assert "| None |" not in page


def test_the_run_folder_page_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file that a run leaves, and every field of its records, is on the page."""
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG)
    run = fitting.run(config, ["evolution.generations=3"], run_dir=tmp_path / "run").path
    text = (ROOT / "docs" / "run-folder.md").read_text()
    for path in (path for path in run.rglob("*") if path.is_file()):
        name = str(path.relative_to(run))
        assert f"`{name}`" in text or f"`{name.split('/')[0]}/`" in text, name
    for file in ("expressions.json", "metrics.json", "run.json", "inputs.json"):
        record = json.loads((run / file).read_text())
        records = [record, *record.get("layers", [])]
        for entry in records:
            for key in entry:
                assert f"`{key}`" in text, (file, key)
    for file in ("curves.csv", "timing.csv"):
        for column in (run / file).read_text().splitlines()[0].split(","):
            assert f"`{column}`" in text or column in ("layer_2", "layer_3"), (file, column)
