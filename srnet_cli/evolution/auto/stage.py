"""What a search is made of: stages, one after the other."""

from __future__ import annotations

from typing import Protocol

from srnet_cli.evolution.auto.state import State


class Stage(Protocol):
    """One part of a cycle.

    What a stage knows of its own is in ``State.progress``, which is None before its first
    generation; all else that a result depends on is in the state as well.
    """

    def step(self, state: State) -> bool:
        """Run one generation.

        Args:
            state: updated in place, but for ``generation`` and what is best.

        Returns:
            Whether the stage has come to its end.
        """
