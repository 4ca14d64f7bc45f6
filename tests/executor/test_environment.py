"""Environment variables that are set for a while."""

from __future__ import annotations

import os

import pytest

from srnet_cli.executor.environment import variables


def test_variables_are_as_before_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were not there are gone again, also where they have gone already."""
    monkeypatch.setenv("SRNET_OLD", "old")
    before = dict(os.environ)
    seen = []

    def fail() -> None:
        with variables({"SRNET_OLD": "new", "SRNET_MORE": "1"}):
            seen.extend(os.environ[name] for name in ("SRNET_OLD", "SRNET_MORE"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == ["new", "1"]
    assert dict(os.environ) == before
    with variables({"SRNET_MORE": "1"}):
        del os.environ["SRNET_MORE"]
    assert dict(os.environ) == before
