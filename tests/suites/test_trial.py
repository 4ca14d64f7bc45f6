"""A trial that travels: settings and luggage there, a run folder back, the same bytes as here."""

from __future__ import annotations

import errno
import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock, patch

import numpy as np
import pytest
from small_run import CONFIG
from small_suite import TIMES

from srnet_cli.config.loading import load_experiment
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import StorageError
from srnet_cli.networks.cache import cache_folder
from srnet_cli.store import RunFolder
from srnet_cli.store.directory import Directory
from srnet_cli.suites.luggage import Luggage
from srnet_cli.suites.supplies import Supplies
from srnet_cli.suites.trial import (
    TrialAfar,
    TrialHere,
    fault,
    run_job,
    settings_of,
    versions,
)

EVOLUTION = CONFIG[CONFIG.index("evolution:") :].replace("generations: 60", "generations: 10")
FILES = f"""\
name: files
dataset: {{formula: a + b, rows: rows.npz, domain: {{a: [0, 1], b: [0, 1]}}}}
network: {{load: net.npz}}
{EVOLUTION}"""
TABLE = f"""\
name: table
dataset: {{pmlb: made_up}}
network: {{train: {{hidden: [2], max_iter: 50}}}}
{EVOLUTION}"""


def make_files(folder: Path) -> None:
    """Rows and a network in files, and a table in the cache of tables."""
    rng = np.random.default_rng(0)
    rows = rng.random((40, 2))
    np.savez(folder / "rows.npz", X=rows)
    weights = {"weight1": rng.normal(size=(2, 2)), "bias1": np.zeros(2)}
    weights |= {"weight2": rng.normal(size=(1, 2)), "bias2": np.zeros(1)}
    np.savez(folder / "net.npz", **weights)
    lines = ["a\tb\ttarget", *(f"{a:.3f}\t{b:.3f}\t{a + b:.3f}" for a, b in rows)]
    (folder / "data/made_up").mkdir(parents=True)
    content = gzip.compress("\n".join(lines).encode() + b"\n")
    (folder / "data/made_up/made_up.tsv.gz").write_bytes(content)


def packed(experiment: Experiment) -> Luggage:
    """What a case travels with, its network trained."""
    supplies = Supplies({"case": experiment}, travel=True)
    for name in supplies.to_pack():
        outcome = run_job(supplies.packing(name))
        assert outcome.luggage is not None, outcome.error
        supplies.keep_luggage(name, outcome.luggage)
    for name in supplies.to_train():
        outcome = run_job(supplies.training(name))
        assert outcome.network, outcome.error
        supplies.keep_network(name, outcome.network)
    return supplies.luggage("case")


@pytest.mark.parametrize("text", [FILES, TABLE], ids=["files", "table"])
def test_the_same_bytes_without_the_files(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where neither the rows, the network, the table nor the trained network are."""
    make_files(tmp_path)
    monkeypatch.setenv("SRNET_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "c.yaml").write_text(text)
    experiment = load_experiment(tmp_path / "c.yaml")
    luggage = packed(experiment)
    here = run_job(TrialHere(experiment, b"config", tmp_path / "here"))
    assert here.kind == "done", here.error

    for name in ("rows.npz", "net.npz", "data/made_up/made_up.tsv.gz"):
        (tmp_path / name).unlink()
    for entry in cache_folder().glob("*"):
        entry.unlink()
    afar = run_job(TrialAfar(settings_of(experiment), b"config", luggage))
    assert afar.kind == "done", afar.error
    assert os.environ["SRNET_DATA_DIR"] == str(tmp_path / "data")
    with RunFolder.claim(tmp_path / "afar") as folder:
        folder.adopt(afar.files)
        assert folder.verify() == []
    names = {name for name in afar.files if Path(name).name not in TIMES}
    assert len(names) > 10
    for name in names:
        assert afar.files[name] == (tmp_path / "here" / name).read_bytes(), name


def test_a_worker_without_a_cache_uses_the_network_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never trained anew, which could give another one."""
    make_files(tmp_path)
    monkeypatch.setenv("SRNET_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "c.yaml").write_text(TABLE)
    experiment = load_experiment(tmp_path / "c.yaml")
    luggage = packed(experiment)
    (tmp_path / "file").touch()
    monkeypatch.setenv("SRNET_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(
        "srnet_cli.networks.loading.train_network", Mock(side_effect=AssertionError)
    )
    afar = run_job(TrialAfar(settings_of(experiment), b"config", luggage))
    assert afar.kind == "done", afar.error
    assert os.environ["SRNET_CACHE_DIR"] == str(tmp_path / "file")


def test_what_goes_wrong_is_an_outcome(tmp_path: Path) -> None:
    """A mistake in the data fails the trial; nothing is raised in the worker."""
    make_files(tmp_path)
    (tmp_path / "c.yaml").write_text(FILES)
    experiment = load_experiment(tmp_path / "c.yaml")
    job = TrialAfar(settings_of(experiment), b"config", Luggage({"x": b""}))
    (tmp_path / "rows.npz").write_bytes(b"no rows")
    outcome = run_job(job)
    assert outcome.kind == "failed"
    assert "rows.npz" in outcome.error
    broken = TrialAfar({"name": 1}, b"", Luggage())
    assert run_job(broken).kind == "failed"


@pytest.mark.parametrize("suffix", [".csv.gz", ".tsv.gz"])
def test_a_packed_table_travels_under_its_name(suffix: str, tmp_path: Path) -> None:
    """Which says how it is read."""
    make_files(tmp_path)
    mark = "," if "csv" in suffix else "\t"
    lines = [mark.join(("a", "b", "y")), *(f"{i}{mark}{i % 3}{mark}{i}" for i in range(40))]
    (tmp_path / f"table{suffix}").write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    text = FILES.replace("formula: a + b, rows: rows.npz", f"file: table{suffix}, target: y")
    text = text.replace(", domain: {a: [0, 1], b: [0, 1]}", "")
    (tmp_path / "c.yaml").write_text(text)
    experiment = load_experiment(tmp_path / "c.yaml")
    luggage = packed(experiment)
    (tmp_path / f"table{suffix}").unlink()
    afar = run_job(TrialAfar(settings_of(experiment), b"config", luggage))
    assert afar.kind == "done", afar.error


def test_a_worker_that_cannot_write_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial is not to blame, and another worker may run it."""
    job = TrialAfar({"name": "x"}, b"", Luggage({"x": b"content"}))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    assert run_job(job).kind == "lost"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with failing_writes(errno.ENOSPC):
        outcome = run_job(job)
    assert (outcome.kind, bool(fault(outcome))) == ("lost", True)
    assert "ENOSPC" in outcome.error
    assert run_job(job).kind == "failed"
    assert list(tmp_path.iterdir()) == []


def test_only_a_disk_stops_a_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged file is one trial's misfortune."""
    make_files(tmp_path)
    (tmp_path / "c.yaml").write_text(FILES)
    job = TrialHere(load_experiment(tmp_path / "c.yaml"), b"config", tmp_path / "run")
    with failing_writes(errno.ENOSPC):
        assert run_job(job).kind == "disk"
    with failing_writes(errno.EACCES):
        assert run_job(job).kind == "failed"
    damage = StorageError("x is damaged")
    monkeypatch.setattr("srnet_cli.fit.fitting.run_experiment", Mock(side_effect=damage))
    assert run_job(job).kind == "failed"


@contextmanager
def failing_writes(number: int) -> Iterator[None]:
    """Every write of a file fails so."""
    with patch.object(Directory, "_write_synced", side_effect=OSError(number, "no")):
        yield


def test_versions_name_what_results_depend_on() -> None:
    """This project's sources among them."""
    known = versions()
    assert {"srnet", "Python", "machine", "numpy", "numba", "scikit-learn"} <= known.keys()
    assert "sources" in known["srnet"]
    assert json.dumps(known)
