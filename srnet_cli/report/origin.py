"""Where a run comes from, how to make it again, and what its folder does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srnet_cli.config.written import one_line
from srnet_cli.networks.recorded import RecordedNetwork
from srnet_cli.rendering.document import Block, Display, Folded, Paragraph, Section, Verbatim
from srnet_cli.rendering.table import Cell, code, number, table, text
from srnet_cli.report.subject import ReportedRun
from srnet_cli.runs import files


def origin_sections(run: ReportedRun, display: Display) -> Iterator[Section]:
    """How to make the run again: commands, config, seeds, hashes, environment."""
    blocks: list[Block] = [
        Paragraph(
            "With the versions below the same config gives the same formulas to the last digit, "
            "however often it is interrupted, unless it limits the time."
        ),
        Verbatim("\n".join(commands(run, display))),
        _facts(run),
        Folded(f"The config, {files.CONFIG}", (Verbatim(run.config),)),
        Folded("Versions of packages", (_versions(run),)),
    ]
    yield Section("How to make it again", tuple(blocks), key="origin")


def commands(run: ReportedRun, display: Display) -> Iterator[str]:
    """What to type, with the config of the run's folder at hand."""
    versions = run.info.versions
    if "srnet" in versions:
        yield f"pip install srnet=={versions['srnet']}"
    yield f"srnet fit {files.CONFIG}"
    yield f"srnet explain {display.spelled('run')} {run.title}"


def _facts(run: ReportedRun) -> Block:
    info = run.info
    rows: list[Sequence[Cell | str]] = [
        ["run", code(run.title)],
        ["state", info.state],
        ["strategy", info.strategy],
        ["seed", number(info.seed, "d")],
        ["trials", number(info.trials, "d")],
        ["Python", info.python],
        ["system", info.system],
        ["machine", f"{info.machine}, {info.processor}" if info.processor else info.machine],
    ]
    if run.inputs is not None:
        inputs = run.inputs
        rows += [
            ["network", one_line(inputs.network.summary())],
            ["inputs", _few(inputs.features)],
            ["predicts", one_line(inputs.target)],
            ["SHA-256 of config", code(inputs.config_sha256)],
            ["SHA-256 of rows", code(inputs.dataset_sha256)],
            ["SHA-256 of network", code(inputs.network_sha256)],
        ]
    return table(["what", "is"], rows)


def _few(names: Sequence[str], most: int = 40) -> str:
    shown = ", ".join(map(one_line, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _versions(run: ReportedRun) -> Block:
    return table(["package", "version"], ([text(k), text(v)] for k, v in run.info.versions.items()))


def missing_sections(run: ReportedRun, display: Display) -> Iterator[Section]:
    """What is not in this report, and which command would put it there."""
    rows = [[text(what), text(why), code(command)] for what, why, command in _missing(run, display)]
    if rows:
        missing = table(["what", "why", "what to type"], rows)
        yield Section("What is missing", (missing,), key="missing")


def _missing(run: ReportedRun, display: Display) -> Iterator[tuple[str, str, str]]:
    again = f"srnet fit {files.CONFIG}"
    if not run.is_done:
        yield "the end of the search", f"the run is {run.info.state}", again
        if run.fitted is None:
            yield "formulas", run.obstacle, again
        yield "fronts, figures of trials", "they are made when it finishes", again
        return
    if run.fitted is None:
        yield "formulas", run.obstacle, again
        return
    this = f"{display.spelled('run')} {run.title}"
    if run.fitted.formulas is None:
        yield "formulas straight from the inputs", "this run has searched for none", again
    elif run.fitted.model.depth < len(run.fitted.network.widths) - 1:
        yield "formulas layer by layer", "this run has searched for none", again
    if run.fitted.fronts is None and run.fitted.formulas is None:
        yield "fronts", "it had no time for them, or is of an earlier version", again
    if isinstance(run.fitted.network, RecordedNetwork):
        why = "they ask the network at new points, and it is known by its values only"
        yield "effects of inputs, LIME and MAPLE", why, again
    elif run.comparison is None:
        options = " ".join(map(display.spelled, ("lime", "maple")))
        yield "LIME and MAPLE", "nobody has asked", f"srnet compare {this} {options}"
    if run.hybrids is None and run.fitted.model.depth == len(run.fitted.network.widths) - 1:
        what = "formulas in place of layers"
        yield what, "nobody has asked", f"srnet explain {this} {display.spelled('hybrid')}"
    if run.fitted.proofs is None:
        yield "proofs on the whole domain", "nobody has asked", f"srnet prove {this}"
