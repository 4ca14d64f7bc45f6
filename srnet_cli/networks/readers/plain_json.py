"""JSON inside network files, looked at before it is parsed."""

from __future__ import annotations

import json
from typing import Any

from srnet_cli.errors import ModelError

_MOST_CONTAINERS = 200_000
_MOST_PARTS = 1_000_000


def parse_json(data: bytes) -> Any:
    """What a piece of JSON says.

    Two bytes can become an object of a hundred, so that its parts are counted first.

    Raises:
        ModelError: it has too many parts, or is nested too deeply.
        ValueError: it is no JSON.
    """
    if data.count(b"[") + data.count(b"{") > _MOST_CONTAINERS or data.count(b",") > _MOST_PARTS:
        raise ModelError("its description has too many parts for a network")
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ModelError("its description is nested too deeply") from error
