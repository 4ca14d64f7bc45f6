"""Paths in configs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from srnet_cli.config.paths import expand_variables, resolve


def test_variables_are_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable in a path is replaced, once: its value is not expanded again."""
    monkeypatch.setenv("TOP", "/a")
    monkeypatch.setenv("LOW", "${TOP}")
    assert expand_variables("${TOP}/b/${LOW}/$TOP") == "/a/b/${TOP}/$TOP"


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_variable_says_what_it_is_for(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that is unset or empty is an error that names it and its purpose."""
    monkeypatch.delenv("SRNET_PUBLISHED_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("SRNET_PUBLISHED_DIR", value)
    with pytest.raises(ValueError, match=r"SRNET_PUBLISHED_DIR is not set.*published networks"):
        expand_variables("${SRNET_PUBLISHED_DIR}/x.npz")


@pytest.mark.parametrize("text", ["${", "${}", "${a b}", "x${A", "${A-b}"])
def test_unfinished_variables_are_refused(text: str) -> None:
    """``${`` that begins no variable is a slip, not part of a file's name."""
    with pytest.raises(ValueError, match="must be followed by a variable's name"):
        expand_variables(text)


def test_relative_paths_look_beside_the_config_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file beside the config wins over one of the same name in the working directory."""
    beside, working = tmp_path / "configs", tmp_path / "working"
    for folder in (beside, working):
        folder.mkdir()
        (folder / "both.csv").touch()
    (working / "only.csv").touch()
    monkeypatch.chdir(working)
    assert resolve("both.csv", beside) == beside / "both.csv"
    assert resolve("only.csv", beside) == working / "only.csv"
    assert resolve("none.csv", beside) == working / "none.csv"
    assert resolve("../configs/both.csv", None) == beside / "both.csv"


@pytest.mark.parametrize("text", ["", "a\0b", "a\nb", "\ud800"])
def test_unprintable_paths_are_refused(text: str) -> None:
    """A path is text that can be printed on one line."""
    with pytest.raises(ValueError, match="expected a path"):
        resolve(text, None)


def test_overlong_paths_do_not_crash() -> None:
    """A name that no file system takes is simply a file that does not exist."""
    path = resolve("a" * 10_000, Path("configs"))
    assert path == Path(os.getcwd(), "a" * 10_000)
