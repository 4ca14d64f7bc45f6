"""What trials need is made once: rows loaded once for equal settings, each network trained once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from small_suite import SUITE, write_suite

from srnet_cli.config.loading import load_experiment
from srnet_cli.config.schema import Experiment
from srnet_cli.executor.local import Processes
from srnet_cli.networks.cache import cache_folder, load_training
from srnet_cli.suites import running
from srnet_cli.suites.luggage import Luggage, network_at_hand, train
from srnet_cli.suites.session import Where
from srnet_cli.suites.supplies import Supplies


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    write_suite(tmp_path)
    return load_experiment(tmp_path / "small.yaml")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache without networks, and without kernels: for tests that run none."""
    monkeypatch.setenv("SRNET_CACHE_DIR", str(tmp_path / "cache"))


def kept() -> dict[str, int]:
    """When each network in the cache was written."""
    return {path.name: path.stat().st_mtime_ns for path in cache_folder().glob("*")}


def varied(experiment: Experiment, section: str, **changes: Any) -> Experiment:
    return experiment.model_copy(
        update={section: getattr(experiment, section).model_copy(update=changes)}
    )


def test_cases_share_what_their_search_does_not_decide(experiment: Experiment) -> None:
    """Rows are loaded once for them; another seed, dataset or network is loaded on its own."""
    assert experiment.network.train is not None
    wider = experiment.network.train.model_copy(update={"hidden": (4,)})
    cases = {
        "plain": experiment,
        "mutation": varied(experiment, "evolution", mutation=0.1),
        "later": experiment.model_copy(update={"name": "later", "first_trial": 7}),
        "seed": experiment.model_copy(update={"seed": 4}),
        "rows": varied(experiment, "dataset", samples=61),
        "wider": varied(experiment, "network", train=wider),
    }
    supplies = Supplies(cases, travel=False)
    assert supplies.to_pack() == ["plain", "seed", "rows", "wider"]
    assert supplies.cases("plain") == ["plain", "mutation", "later"]
    assert supplies.to_train() == []  # nothing is known yet


def test_a_network_is_trained_once_for_rows_that_turn_out_equal(experiment: Experiment) -> None:
    """Settings that the network does not see, such as of test rows for the search, do not count."""
    cases = {name: experiment.model_copy(update={"seed": i}) for i, name in enumerate("abcd")}
    supplies = Supplies(cases, travel=False)
    for name, key in zip("abcd", ("k", "k", "kept", ""), strict=True):
        supplies.keep_luggage(name, Luggage(key=key, network=b"old" if key == "kept" else b""))
    assert supplies.to_train() == ["a"]
    assert supplies.cases("a") == ["a", "b"]
    supplies.keep_network("a", b"new")
    assert supplies.to_train() == []
    assert [supplies.luggage(name).network for name in "abcd"] == [b"new", b"new", b"old", b""]


def test_files_of_this_machine_are_packed_only_to_travel(
    experiment: Experiment, tmp_path: Path
) -> None:
    """Where trials run here, a network in a file needs nothing."""
    network = experiment.network.model_copy(update={"train": None, "load": tmp_path / "net.npz"})
    loaded = experiment.model_copy(update={"network": network})
    assert Supplies({"case": loaded}, travel=True).to_pack() == ["case"]
    supplies = Supplies({"case": loaded}, travel=False)
    assert supplies.to_pack() == []
    assert supplies.luggage("case") == Luggage()


@pytest.mark.long
def test_a_suite_trains_each_network_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though two processes are free and two cases want it, which differ in rows that it does not
    see; going on trains none."""
    begun: Counter[str] = Counter()
    begin = Processes.begin

    def counted(self: Processes, place: str, key: str, payload: Any) -> None:
        begun[type(payload).__name__] += 1
        begin(self, place, key, payload)

    monkeypatch.setattr(Processes, "begin", counted)
    text = SUITE.replace(
        "trials: 2", "trials: 1\nmatrix: {dataset.boundary_sampling: [segments, box]}"
    )
    text = text.replace("  second: other.yaml\n", "")
    suite = write_suite(tmp_path, text, ("max_iter: 300", "max_iter: 298"))
    before = kept()
    folder = running.run(suite, where=Where(jobs=2), run_dir=tmp_path / "run").path
    assert begun == {"Packing": 2, "Training": 1, "TrialHere": 2}
    after = kept()
    assert len(after.keys() - before.keys()) == 1
    runs = sorted((folder / "trials").glob("*/*/inputs.json"))
    assert {json.loads(run.read_bytes())["network"]["source"] for run in runs} == {"cache"}
    begun.clear()
    running.run(suite, trials=2, where=Where(jobs=2), run_dir=tmp_path / "run")
    assert begun == {"Packing": 2, "TrialHere": 2}
    assert kept() == after


@pytest.mark.usefixtures("own_cache")
def test_a_network_that_was_trained_elsewhere_is_at_hand(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the cache, over a damaged entry too; where that cannot be written, for a while."""
    supplies = Supplies({"case": experiment}, travel=False)
    packed = supplies.packing("case").run().luggage
    assert packed is not None
    assert (len(packed.key), packed.network, packed.files) == (64, b"", {})
    luggage = Luggage(key=packed.key, network=train(experiment))
    (entry,) = cache_folder().iterdir()
    assert entry.read_bytes() == luggage.network
    entry.write_bytes(b"damaged")
    with network_at_hand(luggage):
        assert entry.read_bytes() == luggage.network
    assert supplies.packing("case").run().luggage == luggage

    (tmp_path / "file").touch()
    monkeypatch.setenv("SRNET_CACHE_DIR", str(tmp_path / "file"))
    assert train(experiment) == luggage.network
    with network_at_hand(luggage):
        place = cache_folder()
        assert load_training(luggage.key) is not None
    assert not place.exists()
    assert load_training(luggage.key) is None
