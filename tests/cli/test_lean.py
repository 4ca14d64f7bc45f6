"""What ``srnet --help`` imports, and what it does not."""

from __future__ import annotations

import json
import subprocess
import sys

from typer.testing import CliRunner

from srnet_cli.cli.app import app, overview

SLOW = {
    *("numpy", "scipy", "pandas", "sympy", "numba", "llvmlite", "sklearn", "matplotlib", "yaml"),
    *("pydantic", "onnx", "onnxruntime", "torch", "safetensors", "distributed", "h5py", "skops"),
    *("pygments", "markdown_it", "rich.markdown", "rich.syntax", "rich.traceback"),
}

HELP = """
import json, sys
from contextlib import redirect_stdout, suppress
from io import StringIO
from srnet_cli.cli import main
text = StringIO()
with redirect_stdout(text), suppress(SystemExit):
    main(sys.argv[1:])
modules = sorted(sys.modules)
from rich.markdown import Markdown
from rich.traceback import Traceback
has_emoji = hasattr(sys.modules["rich._emoji_codes"], "__file__")
from rich.emoji import Emoji
is_read = Emoji.replace(":snake: :nothing:") == "\N{SNAKE} :nothing:"
is_real = hasattr(Markdown, "elements") and is_read
print(json.dumps([text.getvalue(), modules, has_emoji, is_real]))
"""


def test_help_waits_for_no_library() -> None:
    """Help needs Typer, Rich and the commands' own files, and no room of the program. What help
    does without can be imported all the same afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", HELP, "--help"], capture_output=True, text=True, check=True
    )
    text, modules, has_emoji, is_real = json.loads(done.stdout.splitlines()[-1])
    assert "explain" in text
    assert not SLOW & {name.partition(".")[0] for name in modules} | SLOW & set(modules)
    rooms = {name.split(".")[1] for name in modules if name.startswith("srnet_cli.")}
    assert rooms <= {"cli", "errors", "signals", "executor"}
    assert is_real
    assert not has_emoji


def test_the_overview_says_what_the_whole_program_says() -> None:
    """``srnet --help`` prepares no options of commands, and reads as if it had."""
    whole, short = CliRunner().invoke(app, ["--help"]), CliRunner().invoke(overview(), ["--help"])
    assert short.output == whole.output
    assert "srnet" in short.output
    assert short.exit_code == whole.exit_code == 0
