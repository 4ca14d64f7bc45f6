"""Write the JSON Schema of configs: ``python docs/make_schema.py``."""

from __future__ import annotations

import json

from srnet_cli.config.json_schema import SCHEMA_PATH, schema


def text() -> str:
    """The content of the file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_PATH.write_text(text(), encoding="utf-8")
