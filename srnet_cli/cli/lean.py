"""Typer's help without what its module of panels imports for other programs.

It imports Rich's Markdown, with a parser of its own, and Rich's tracebacks, with Pygments; help
written in Markdown and decorated tracebacks are what they are for, and this program has neither.
Together they take about as long as all of ``srnet --help`` beside Typer and Rich.
"""

from __future__ import annotations

import sys
from types import ModuleType

_UNUSED = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}


def import_help() -> None:
    """Import Typer's panels, with stand-ins for what is never used; others who import that later
    get the real thing."""
    stand_ins = {}
    for name, member in _UNUSED.items():
        if name not in sys.modules:
            stand_ins[name] = ModuleType(name)
            setattr(stand_ins[name], member, type(member, (), {}))
    sys.modules |= stand_ins
    try:
        import typer.rich_utils  # noqa: F401
    finally:
        for name in stand_ins:
            del sys.modules[name]
