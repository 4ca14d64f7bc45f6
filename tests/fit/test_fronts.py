"""Whether simpler layers are looked for at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from srnet_cli.fit.fronts import make_fronts
from srnet_cli.reporting import Silent


class Told(Silent):
    """Remembers notices."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)


@pytest.mark.parametrize(
    ("seconds", "late", "are_left_out"),
    [(4.0, False, True), (6.0, False, False), (6.0, True, True), (None, False, False)],
)
def test_there_are_fronts_where_there_is_time_to_begin_with_all_layers(
    seconds: float | None, late: bool, are_left_out: bool
) -> None:
    """A thousand operations a second. One formula for two layers has no fronts, and says nothing
    of time."""
    prepared: Any = SimpleNamespace(problem=SimpleNamespace(targets=(0, 0)))
    assessment: Any = SimpleNamespace(model=SimpleNamespace(operations=5000, depth=1))
    shorten: Any = None
    told = Told()
    fronts = make_fronts(prepared, assessment, shorten, told, is_late=lambda: late, seconds=seconds)
    assert fronts is None
    assert len(told.notices) == are_left_out
    assert all(notice.startswith("no time is left") for notice in told.notices)
