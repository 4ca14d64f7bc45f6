"""Typer's help without what its module of panels imports for other programs.

It imports Rich's Markdown, with a parser of its own, and Rich's tracebacks, with Pygments; help
written in Markdown and decorated tracebacks are what they are for, and this program has neither.
Together they take about as long as all of ``srnet --help`` beside Typer and Rich. Rich itself
imports a table of 3600 emoji, which is read here once a text names one.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

_UNUSED = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}
_EMOJI = "rich._emoji_codes"


class _Emoji(dict[str, str]):
    """Rich's table of emoji by their names, read when one is asked for."""

    def __getitem__(self, name: str) -> str:
        if not self:
            del sys.modules[_EMOJI]
            self.update(import_module(_EMOJI).EMOJI)
        return super().__getitem__(name)


def import_help() -> None:
    """Import Typer's panels, with stand-ins for what is never used; others who import that later
    get the real thing."""
    if _EMOJI not in sys.modules:
        sys.modules[_EMOJI] = _with(_EMOJI, "EMOJI", _Emoji())
    stand_ins = {}
    for name, member in _UNUSED.items():
        if name not in sys.modules:
            stand_ins[name] = _with(name, member, type(member, (), {}))
    sys.modules |= stand_ins
    try:
        import typer.rich_utils  # noqa: F401
    finally:
        for name in stand_ins:
            del sys.modules[name]


def _with(name: str, member: str, value: object) -> ModuleType:
    """A module that holds a single thing."""
    module = ModuleType(name)
    setattr(module, member, value)
    return module
