"""init, doctor, ls, rm, named runs and errors as JSON, as a user types them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from srnet_cli import cli
from srnet_cli.cli import completion
from srnet_cli.config.loading import load_experiment
from srnet_cli.inspect import doctor
from srnet_cli.store import list_runs

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object) -> int:
    """Run the command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


@pytest.fixture
def here(tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- init -------------------------------------------------------------------------------------


def test_the_example_is_the_quickstart(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is written anywhere, is the shipped config, and is not written twice."""
    assert run("init", "--example") == 0
    assert "next: srnet fit quickstart.yaml" in capsys.readouterr().out
    written = (here / "quickstart.yaml").read_text()
    shipped = (ROOT / "configs" / "quickstart.yaml").read_text()
    # Shipped configs may say where their schema lies.
    assert written == "\n".join(
        line for line in shipped.split("\n") if not line.startswith("# yaml-language-server:")
    )
    (here / "quickstart.yaml").write_text("mine")
    assert run("init", "--example") == 2
    assert "quickstart.yaml exists" in capsys.readouterr().err
    assert (here / "quickstart.yaml").read_text() == "mine"
    assert run("init", "--example", "--force") == 0
    assert load_experiment(here / "quickstart.yaml").name == "quickstart"


def test_without_options_questions_are_asked(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing answered is the example; where nobody answers, it says what to give."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n"))
    assert run("init") == 0
    assert (here / "quickstart.yaml").is_file()
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run("init") == 2
    assert "--data, --network, --example" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--target", "y"], 2, "--target and --data: a column is of a table"),
        (["--example", "--network", "a.onnx"], 2, "the example needs no other file"),
        (["--network", "gone.onnx"], 3, "gone.onnx"),
        (["new/a.yaml", "--example"], 4, "there is no folder new"),
    ],
)
def test_what_init_refuses(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """A line that names it, and nothing is written."""
    assert run("init", *arguments) == code
    assert message in capsys.readouterr().err.splitlines()[0]
    assert list(here.glob("**/*.yaml")) == []


# --- doctor -----------------------------------------------------------------------------------


def test_doctor_sees_what_is_wrong(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that nobody reads is a note with its right name; runs where a file is, a fault."""
    monkeypatch.setenv("SRNET_RUN_DIR", "x")
    (here / "file").write_text("")
    monkeypatch.setenv("SRNET_RUNS_DIR", "file")
    assert run("doctor", "--format", "json") == 2
    captured = capsys.readouterr()
    seen = {check["name"]: check for check in json.loads(captured.out)}
    assert "did you mean 'SRNET_RUNS_DIR'" in seen["SRNET_RUN_DIR"]["remedy"]
    assert seen["runs"]["state"] == "fault"
    assert "not as it should be: runs" in captured.err
    assert {"srnet", "packages", "processors", "cache", "kernels", "extra onnx"} <= set(seen)


def test_doctor_sees_an_unsafe_cache(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that others may write to is told of, with what to do."""
    shared = here / "cache"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("SRNET_CACHE_DIR", str(shared))
    (cache,) = [check for check in doctor.run() if check.name == "cache"]
    assert cache.state == "note"
    assert "SRNET_CACHE_DIR" in cache.remedy


# --- errors as JSON ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json-errors", "explain", "--digits", "0"],
        ["explain", "--digits", "0", "--json-errors"],
    ],
)
def test_errors_as_json(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Before the command or behind it: one object, with the options that it is about."""
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    record = json.loads(captured.err)
    assert record["options"] == ["--digits"]
    assert record["exit_code"] == 2
    assert record["error"].startswith("--digits 0: ")


def test_a_command_line_that_cannot_be_parsed_is_json_too(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where a variable asks for it."""
    assert run("fit", "--nonsense", "--json-errors") == 2
    assert "--nonsense" in json.loads(capsys.readouterr().err)["error"]
    monkeypatch.setenv("SRNET_ERRORS", "json")
    assert run("fitt") == 2
    assert json.loads(capsys.readouterr().err)["exit_code"] == 2


# --- runs: named, listed, removed -------------------------------------------------------------


def test_runs_are_named_in_either_way(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As an argument or by --run, not as two different ones."""
    assert run("verify", "small") == 0
    assert run("verify", "--run", "small-run") == 0
    assert run("verify", "small", "--run", "small-run") == 2
    assert "name the run once" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["explain", "--units", "1", "--full"], "--units and --full"),
        (["explain", "--hybrid", "--digits", "3"], "--hybrid and --digits"),
        (["export", "--to", "python", "--force"], "--force"),
        (["predict", "rows.csv", "--force"], "--force"),
        (["report", "--inputs", "a,b", "--projection"], "--inputs and --projection"),
    ],
)
def test_no_option_is_ignored(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], options: str
) -> None:
    """What an answer does not read is refused by name."""
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith(f"srnet: {options}: ")


def test_standardised_inputs_of_a_network_that_reads_none(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An option that would change nothing is refused."""
    assert run("explain", "--scaled") == 2
    assert "reads its inputs as they are" in capsys.readouterr().err


def test_rm_asks_and_removes(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without somebody to ask it needs --yes; no is no; a link is not followed."""
    assert run("rm", "small-run") == 2
    assert "--yes" in capsys.readouterr().err

    class Person(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Person("n\n"))
    assert run("rm", "small-run") == 130
    assert str(finished) in capsys.readouterr().err
    link = finished.parent / "link"
    link.symlink_to(finished, target_is_directory=True)
    assert run("rm", link, "--yes") == 2
    link.unlink()
    assert finished.is_dir()
    assert completion.runs("sm") == [("small-run", "finished")]
    assert run("rm", "small-run", "--yes") == 0
    assert f"removed {finished}" in capsys.readouterr().out
    assert list_runs(finished.parent) == []


def test_completion_knows_keys_and_swallows_faults(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of nested sections of every strategy, once each; a broken folder offers nothing."""
    keys = [key for key, _ in completion.config_keys("evolution.")]
    assert {"evolution.max_seconds=", "evolution.population=", "evolution.direct_share="} <= {*keys}
    assert len(keys) == len(set(keys))
    assert ("network.train.hidden=") in [key for key, _ in completion.config_keys("network.tr")]
    assert all(not key.startswith("train") for key, _ in completion.network_keys(""))
    (here / "file").write_text("")
    monkeypatch.setenv("SRNET_RUNS_DIR", str(here / "file"))
    assert completion.runs("") == []
    assert "python" in completion.formats("py")
