"""Write ``docs/cli.md`` from the commands: ``python docs/make_cli.py > docs/cli.md``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from srnet_cli.cli.app import COMMANDS, app
from srnet_cli.cli.examples import EXAMPLES
from srnet_cli.config.environment import OTHERS, VARIABLES

INTRODUCTION = """\
# The command line

`srnet COMMAND --help` says the same as this page, which `python docs/make_cli.py > docs/cli.md`
writes from the commands.

`RUN` is a run's folder, its name or the beginning of it; left out, the run that finished last. It
is given as an argument or as `--run`. Results go to standard output, in the format that `--format`
asks for; what is said beside them, progress and errors go to standard error. Progress moves on a
terminal and is a line now and then elsewhere; `--quiet` leaves all of it out but warnings.

`srnet --install-completion` teaches the shell to complete commands, options, names of runs, keys
of configs behind `--set`, and formats.
"""

EXIT_CODES = """\
## Exit codes

| code | means |
|---|---|
| 0 | done |
| 1 | a bug of ours |
| 2 | wrong usage or config, or a run that another process works in |
| 3 | data or a network that cannot be used |
| 4 | storage: a file that cannot be written or read, or is damaged |
| 5 | some trials of a suite have failed |
| 129, 130, 143 | stopped by SIGHUP, SIGINT, SIGTERM; what was found is kept |

An error is one line and a hint on standard error. With `--json-errors`, anywhere on the command
line, or with `SRNET_ERRORS=json`, it is a JSON object in the last line of standard error instead:
`error`, `hint`, `kind`, `options` (those it is about) and `exit_code`.
"""

VALUES: Mapping[type, str] = {str: "TEXT", Path: "PATH", int: "N", float: "X"}


class Parameter(NamedTuple):
    """An argument or an option.

    Attributes:
        first: how it is typed, as Markdown.
        about: what it does.
        is_argument: whether it stands without a name.
    """

    first: str
    about: str
    is_argument: bool

    @property
    def row(self) -> str:
        """A row of a command's table."""
        return f"| {escaped(self.first)} | {escaped(self.about)} |"


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, overview()]
    for commands in COMMANDS.values():
        parts += [section(name, command) for name, command in commands.items()]
    return "\n".join([*parts, general(), EXIT_CODES, environment()])


def overview() -> str:
    """The commands under their headings."""
    lines = ["| | command | |", "|---|---|---|"]
    for heading, commands in COMMANDS.items():
        for place, (name, command) in enumerate(commands.items()):
            first = heading if place == 0 else ""
            lines.append(f"| {first} | [`{name}`](#srnet-{name}) | {escaped(summary(command))} |")
    return "\n".join(lines) + "\n"


def section(name: str, command: Callable[..., Any]) -> str:
    """A command: how it is called, what it does, its arguments and options, examples."""
    known = list(parameters(command))
    arguments = [each.first.strip("`") for each in known if each.is_argument]
    called = " ".join(["srnet", name, *arguments, "[OPTIONS]"])
    lines = [f"## srnet {name}", "", f"`{called}`", "", prose(command), "", "| | |", "|---|---|"]
    lines += [each.row for each in sorted(known, key=lambda each: not each.is_argument)]
    examples = EXAMPLES[name]
    width = max(len(example.line) for example in examples)
    lines += ["", "```sh"]
    lines += [f"{example.line.ljust(width)}  # {example.meaning}" for example in examples]
    return "\n".join([*lines, "```"]) + "\n"


def parameters(command: Callable[..., Any]) -> Iterator[Parameter]:
    """The arguments and options of a command, in its order."""
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        notes = getattr(hints[name], "__metadata__", ())
        told = [note for note in notes if isinstance(note, OptionInfo | ArgumentInfo)]
        if told:
            yield described(name, hints[name].__origin__, parameter.default, told[0])


def described(name: str, annotation: Any, default: Any, told: Any) -> Parameter:
    """An argument or option from what its command says of it."""
    about = " ".join((told.help or "").split())
    if isinstance(told, ArgumentInfo):
        is_required = default is inspect.Parameter.empty
        shown = told.metavar or (name.upper() if is_required else f"[{name.upper()}]")
        return Parameter(f"`{shown}`", about, True)
    # Behind ``Annotated`` typer keeps the first name where a default would stand.
    given = [each for each in (told.default, *(told.param_decls or ())) if isinstance(each, str)]
    names = given or [f"--{name.replace('_', '-')}"]
    value = value_of(annotation, told.metavar)
    if default not in (None, False, inspect.Parameter.empty):
        about += f" By default `{getattr(default, 'value', default)}`."
    first = ", ".join(f"`{each}`" for each in names) + (f" {value}" if value else "")
    return Parameter(first, about, False)


def value_of(annotation: Any, metavar: str | None) -> str:
    """What an option takes; nothing for one that is given or not."""
    if annotation is bool:
        return ""
    if metavar:
        return f"`{metavar}`"
    kinds = [part for part in (get_args(annotation) or (annotation,)) if part is not type(None)]
    if isinstance(kinds[0], type) and issubclass(kinds[0], StrEnum):
        return ", ".join(f"`{each.value}`" for each in kinds[0])
    return f"`{VALUES[kinds[0]]}`"


def general() -> str:
    """What stands before a command."""
    known = list(parameters(app.registered_callback.callback))  # type: ignore[union-attr,arg-type]
    lines = ["## srnet itself", "", "| | |", "|---|---|", *(each.row for each in known)]
    lines += ["| `--install-completion`, `--show-completion` | For the shell in use. |"]
    return "\n".join([*lines, row_of("`-h`, `--help`", "Help, of srnet or of a command.")])


def row_of(first: str, about: str) -> str:
    """A row without a parameter of its own."""
    return f"| {first} | {about} |\n"


def environment() -> str:
    """The environment variables that count."""
    lines = ["## Environment variables", "", "| variable | means |", "|---|---|"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in {**VARIABLES, **OTHERS}.items()]
    return "\n".join(lines) + "\n"


def summary(command: Callable[..., Any]) -> str:
    """The first paragraph of a command's help."""
    return next(paragraphs(command))


def prose(command: Callable[..., Any]) -> str:
    """A command's help, a line per paragraph."""
    return "\n\n".join(paragraphs(command))


def paragraphs(command: Callable[..., Any]) -> Iterator[str]:
    """Paragraphs of a docstring, options in them marked as code."""
    for paragraph in (command.__doc__ or "").strip().split("\n\n"):
        words = " ".join(paragraph.split())
        yield re.sub(r"(?<![`\w])(--[a-z][a-z-]*)", r"`\1`", words)


def escaped(text: str) -> str:
    """Text that stands in a cell of a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
