"""The command line as a user runs it."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_run import write_config

import srnet_cli
from srnet_cli import cli
from srnet_cli.errors import DataError, Interrupted, ModelError, SrnetError, StorageError
from srnet_cli.runs import listing
from srnet_cli.store import list_runs

REPOSITORY = Path(srnet_cli.__path__[0]).parent
SRNET = [sys.executable, "-m", "srnet_cli"]
PATIENCE = 120  # seconds; only a hanging test takes so long

SAVING = """
from srnet_cli.fit import search
search.CHECKPOINT_SECONDS = -1.0
from srnet_cli.cli import main
main()
"""


def environment(**changes: str) -> dict[str, str]:
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"PYTHONPATH": path} | changes


def srnet(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    options = {"capture_output": True, "text": True, "env": environment()} | options
    return subprocess.run([*SRNET, *map(str, arguments)], timeout=PATIENCE, **options)


def run(*arguments: object) -> int:
    """Run the command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


# --- start ------------------------------------------------------------------------------------


def test_help_loads_no_library() -> None:
    """--help waits neither for numba nor for anything else that is large."""
    code = (
        "import sys\nfrom srnet_cli.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n"
        "    print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment()
    )
    *shown, modules = done.stdout.splitlines()
    large = {"numpy", "numba", "pandas", "sympy", "sklearn", "scipy", "matplotlib", "pydantic"}
    assert not (large | {"yaml", "safetensors"}) & set(modules.split())
    text = "\n".join(shown)
    for command in ("validate", "fit", "explain", "ls", "verify"):
        assert command in text
    assert "130/143" in text


def test_a_mistake_is_answered_before_libraries_are_loaded(tmp_path: Path) -> None:
    """A wrong config is refused without waiting for numba, pandas or SymPy."""
    config = write_config(tmp_path, ("seed: 3", "seeed: 3"))
    code = (
        "import sys\nfrom srnet_cli.cli import main\n"
        f"try:\n    main(['fit', {str(config)!r}])\nexcept SystemExit as stop:\n"
        "    print(stop.code, *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment()
    )
    code, *modules = done.stdout.split()
    assert code == "2"
    assert not {"numba", "pandas", "sympy", "sklearn", "matplotlib"} & set(modules)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints the version that is installed."""
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("srnet 0.")


def test_no_command_is_a_usage_error_with_help(capsys: pytest.CaptureFixture[str]) -> None:
    """srnet alone shows how it is used."""
    assert run() == 2
    assert "validate" in capsys.readouterr().out


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["fitt"], "No such command 'fitt'", "'srnet --help'"),
        (["fit"], "Missing argument", "'srnet fit --help'"),
        (["fit", "c.yaml", "--sett", "a=1"], "No such option: --sett", "'srnet fit --help'"),
        (["ls", "--sort", "a"], "Invalid value for '--sort': 'a' is not", "'srnet ls --help'"),
        (["explain", "--digits", "four"], "--digits", "'srnet explain --help'"),
        (["explain", "--format", "csv"], "--format", "'srnet explain --help'"),
        (["explain", "--digits", "0"], "--digits 0: give 1 to 17", ""),
        (["explain", "--run", "none"], "no run 'none'", "'srnet ls' lists the runs"),
        (["explain"], "no finished run", "'srnet fit"),
        (["verify"], "no finished run", "'srnet fit"),
        (["fit", "gone.yaml"], "gone.yaml: no such file", ""),
        (["validate", "."], "is a folder", ""),
    ],
    ids=" ".join,
)
def test_usage_errors_are_one_line_and_a_hint(
    runs_dir: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
    hint: str,
) -> None:
    """The mistake is named in one line on standard error, what to do in a second; exit 2."""
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    first, *more = captured.err.splitlines()
    assert captured.out == ""
    assert first.startswith("srnet: ")
    assert message in first
    assert len(more) <= 1
    assert hint in "".join(more)
    assert not runs_dir.exists()


@pytest.mark.parametrize(
    ("setting", "code", "message"),
    [
        ("evolution.generation=3", 2, "unknown"),
        ("dataset.formula=exec(x)", 2, "exec"),
        ("evolution.rows=many", 2, "evolution.rows"),
        ("evolution.max_length=9", 2, "strategy mnncgp-es does not read 'max_length'"),
        ("dataset.oracle_rows=9", 2, "strategy mnncgp-es does not read 'oracle_rows'"),
        ("dataset={file: gone.csv}", 3, "gone.csv"),
        ("network={load: gone.npz}", 3, "gone.npz"),
        ("network={load: bad.npz}", 3, "bad.npz"),
        ("dataset={file: table.csv, target: z}", 3, "'z'"),
    ],
)
def test_bad_input_is_one_line_with_its_exit_code(
    tmp_path: Path,
    runs_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: str,
    code: int,
    message: str,
) -> None:
    """Config errors exit 2, data and model errors 3; nothing is left under runs/."""
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a,b,target\n1,2,3\n4,5,6\n7,8,10\n1,4,2\n")
    Path("bad.npz").write_bytes(b"PK\x03\x04 not really")
    assert run("fit", write_config(tmp_path), "--set", setting) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err.splitlines()[0]
    assert len(captured.err.splitlines()) <= 2
    assert not runs_dir.exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("a\nb", hint="c"), 3),
        (ModelError("a\nb", hint="c"), 3),
        (StorageError("a\nb", hint="c"), 4),
        (Interrupted(15, "a"), 143),
        (ValueError("a\nb"), 1),
        (MemoryError(), 1),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("full", [False, True])
def test_every_error_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    full: bool,
) -> None:
    """No error escapes as a traceback, unless that is asked for; its exit code is the same then. A
    bug says that it is one and where to turn."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(listing, "run", fail)
    if full:
        monkeypatch.setenv("SRNET_FULL_ERROR", "1")
    assert run("ls") == code
    lines = capsys.readouterr().err.splitlines()
    assert (lines[0] == "Traceback (most recent call last):") == full
    if not full:
        assert len(lines) <= 2
        assert lines[0].startswith("srnet: ")
    if not isinstance(error, SrnetError):
        assert "please report it; SRNET_FULL_ERROR=1" in lines[-1]


def test_ctrl_c_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stopped where nothing is caught, a command ends with 130."""

    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(listing, "run", stop)
    assert run("ls") == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("level", "said"), [("debug", True), ("INFO", True), ("", False)])
def test_log_level(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, level: str, said: bool) -> None:
    """SRNET_LOG_LEVEL shows what modules log."""
    code = (
        "import logging\nfrom srnet_cli import cli\nfrom srnet_cli.runs import listing\n"
        "listing.run = lambda: logging.getLogger('srnet_cli.x').info('hello') or []\n"
        "cli.main(['ls'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(SRNET_LOG_LEVEL=level),
    )
    assert done.returncode == 0
    assert ("srnet_cli.x: hello" in done.stderr) == said


def test_an_unknown_log_level(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A level that does not exist is named."""
    monkeypatch.setenv("SRNET_LOG_LEVEL", "loud")
    assert run("ls") == 2
    assert "SRNET_LOG_LEVEL: unknown level 'loud'" in capsys.readouterr().err


# --- the main job -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a finished run, made as a user makes it."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRNET_RUNS_DIR", str(folder / "runs"))
        done = srnet("fit", write_config(folder))
        assert done.returncode == 0, done.stderr
        (folder / "out.txt").write_text(done.stdout)
        (folder / "err.txt").write_text(done.stderr)
        yield folder


def test_fit_prints_results_apart_from_messages(home: Path) -> None:
    """Standard output holds fitness, R² on held-out rows, the folder and what to type next."""
    out = (home / "out.txt").read_text().splitlines()
    (listed,) = list_runs(home / "runs")
    assert out[0].startswith("fitness ")
    assert any("held-out" in line for line in out)
    assert out[-2] == f"run {listed.path}"
    assert out[-1] == f"next: srnet explain {listed.path.name}"
    assert "network on held-out rows: R²" in (home / "err.txt").read_text()


def test_fit_speaks_json(home: Path) -> None:
    """--format json alone on standard output; --quiet leaves standard error empty."""
    done = srnet("fit", home / "small.yaml", "--format", "json", "--quiet")
    record = json.loads(done.stdout)
    assert record["was_done"] is True
    assert record["fidelity"]["interpolation"][-1]["r2"] <= 1
    assert done.stderr == ""


@pytest.mark.parametrize("form", ["table", "json", "markdown", "latex"])
def test_explain_prints_on_standard_output_alone(
    home: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """Every format of the latest run, formulas and fidelity, and nothing on standard error."""
    assert run("explain", "--format", form, "--digits", "3") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    if form == "json":
        record = json.loads(captured.out)
        assert [layer["name"] for layer in record["layers"]] == ["hidden 1", "hidden 2", "output"]
        assert record["digits"] == 3
    else:
        assert "target" in captured.out
        assert "3 digits" in captured.out


def test_ls_lists(home: Path) -> None:
    """A run a line within 80 columns; JSON and CSV for programs."""
    (listed,) = list_runs(home / "runs")
    table = srnet("ls", env=environment(COLUMNS="20")).stdout.splitlines()
    assert table[1].startswith(listed.folder)
    assert max(map(len, table)) <= 80
    (record,) = json.loads(srnet("ls", "--format", "json").stdout)
    assert record["folder"] == listed.folder
    (row,) = csv.DictReader(srnet("ls", "--format", "csv").stdout.splitlines())
    assert float(row["fitness"]) == record["fitness"]


def test_verify_answers(home: Path) -> None:
    """A whole run exits 0, one with a changed file 4."""
    assert srnet("verify").stdout.endswith("every file is as committed\n")
    (listed,) = list_runs(home / "runs")
    curve = listed.path / "curves.csv"
    whole = curve.read_bytes()
    try:
        curve.write_bytes(whole + b"1")
        damaged = srnet("verify")
    finally:
        curve.write_bytes(whole)
    assert damaged.returncode == 4
    line, hint = damaged.stderr.splitlines()
    assert line == f"srnet: {listed.path}: curves.csv: changed"
    assert "'srnet fit'" in hint


def test_validate_and_resolved(home: Path) -> None:
    """validate names the run; what --resolved prints validates to the same run."""
    name = "small-" + srnet("validate", home / "small.yaml").stdout.split("small-")[1].split()[0]
    resolved = srnet("validate", home / "small.yaml", "--resolved").stdout
    (home / "resolved.yaml").write_text(resolved)
    assert name in srnet("validate", home / "resolved.yaml").stdout
    assert name == list_runs(home / "runs")[0].folder


def test_a_config_from_a_pipe(home: Path) -> None:
    """A config that can be read only once is enough, and is kept with the run."""
    text = (home / "small.yaml").read_text()
    run_dir = home / "piped"
    done = srnet(
        *("fit", "/dev/stdin", "--run-dir", run_dir, "--set", "evolution.generations=2"), input=text
    )
    assert done.returncode == 0, done.stderr
    kept = srnet("validate", run_dir / "config.yaml")
    assert kept.returncode == 0, kept.stderr


# --- standard output that will not take it ---------------------------------------------------


def test_output_that_cannot_be_written(home: Path) -> None:
    """A full disk behind standard output is one line and exit 4; a closed pipe is no error."""
    with Path("/dev/full").open("w") as full:
        done = srnet("ls", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 4
    assert done.stderr == "srnet: cannot write to standard output: No space left on device\n"
    read, write = os.pipe()
    os.close(read)
    done = srnet("ls", stdout=write, stderr=subprocess.PIPE, capture_output=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_our_letters(home: Path) -> None:
    """Where R² cannot be printed it is escaped, not an error."""
    done = srnet("ls", env=environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0"))
    assert done.returncode == 0
    assert r"R\xb2" in done.stdout


def test_a_disk_without_room_for_the_run(home: Path) -> None:
    """Files that cannot be written end in one line and exit 4."""
    done = srnet(
        *("fit", home / "small.yaml", "--run-dir", home / "small-disk", "--quiet"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"srnet: cannot write {home / 'small-disk'}")
    assert "(EFBIG)" in line


# --- signals and locks ------------------------------------------------------------------------


@pytest.fixture
def long_run(home: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A fit without end that has saved its first checkpoint."""
    config, run_dir = home / "small.yaml", tmp_path / "long"
    command = [sys.executable, "-c", SAVING, "fit", config, "--run-dir", run_dir]
    process = subprocess.Popen(
        [*map(str, command), "--set", "evolution.generations=100000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    deadline = time.monotonic() + PATIENCE
    while not list(run_dir.glob("checkpoint/*.ckpt")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield process, run_dir
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_in_good_order(
    long_run: tuple[subprocess.Popen[str], Path], number: int
) -> None:
    """One signal ends the process with 128 + its number, formulas written and the run explained."""
    process, run_dir = long_run
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert out == ""
    *_, line, hint = err.splitlines()
    assert line == f"srnet: stopped by signal {number}; what was found is in {run_dir}"
    assert "goes on from there" in hint
    assert (run_dir / "expressions.json").is_file()
    assert json.loads((run_dir / "run.json").read_text())["state"] == "stopped"


def test_a_second_signal_quits(long_run: tuple[subprocess.Popen[str], Path]) -> None:
    """Two signals at once end the process with the second one's code, and nothing more is done."""
    process, run_dir = long_run
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert not (run_dir / "DONE.json").exists()
    assert run("verify", "--run", run_dir) == 0


def test_one_process_at_a_time(home: Path, long_run: tuple[subprocess.Popen[str], Path]) -> None:
    """A second fit of the run is refused and told by whom; the first goes on; others may read."""
    process, run_dir = long_run
    settings = ["--run-dir", run_dir, "--set", "evolution.generations=100000000"]
    second = srnet("fit", home / "small.yaml", *settings)
    assert second.returncode == 2
    assert f"is in use by process {process.pid} on " in second.stderr
    assert process.poll() is None
    assert run("explain", "--run", run_dir) == 0
