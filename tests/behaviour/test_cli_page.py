"""docs/cli.md and the help of every command: what they say there is."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from srnet_cli.cli.app import COMMANDS, app
from srnet_cli.cli.examples import EXAMPLES
from srnet_cli.config.environment import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for commands in COMMANDS.values() for name in commands]
LINES = [example.line for examples in EXAMPLES.values() for example in examples]


def test_the_page_is_that_of_the_commands() -> None:
    """Every command, option, exit code and variable, as the script writes it."""
    spec = importlib.util.spec_from_file_location("make_cli", ROOT / "docs" / "make_cli.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = script.page()
    assert (ROOT / "docs" / "cli.md").read_text() == page, "run docs/make_cli.py"
    for option in ("--format", "--quiet", "-q", "--max-seconds", "--json-errors", "--run"):
        assert f"`{option}`" in page
    for name in NAMES:
        assert f"## srnet {name}\n" in page


def test_every_command_has_examples_and_no_other_has() -> None:
    """Each is a line of its own command."""
    assert set(EXAMPLES) == set(NAMES)
    for name, examples in EXAMPLES.items():
        assert examples
        assert all(example.line.startswith(f"srnet {name}") for example in examples)


@pytest.mark.parametrize("line", LINES)
def test_an_example_parses(line: str) -> None:
    """Commands, options and values exist, and so does a shipped config."""
    arguments = shlex.split(line)[1:]
    group: Any = typer.main.get_command(app)
    context = group.make_context("srnet", list(arguments))
    name, command, rest = group.resolve_command(context, arguments)
    command.make_context(name, rest, parent=context)
    for word in arguments:
        assert not word.startswith("configs/") or (ROOT / word).is_file()


def sources() -> Iterator[str]:
    for path in (ROOT / "srnet_cli").rglob("*.py"):
        if path.name != "environment.py":  # which is the list itself
            yield path.read_text()


def test_every_environment_variable_is_listed() -> None:
    """What the package reads is on the page, and what is on the page is read."""
    read = {name for text in sources() for name in re.findall(r"\"(SRNET_[A-Z_]+)\"", text)}
    assert read == set(VARIABLES)
