"""What a trial needs besides its settings, as it travels to where the trial runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from srnet_cli.caches import VARIABLE as CACHE
from srnet_cli.config.resolved import named_files
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import StorageError
from srnet_cli.executor.environment import variables
from srnet_cli.store import write_atomic
from srnet_cli.store.directory import storage_errors


@dataclass(frozen=True)
class Luggage:
    """What a case needs where there may be none of this machine's files.

    Attributes:
        files: contents by the path that the settings name.
        table: name and content of a PMLB table.
        key: of the trained network in the cache; empty where the network is a file.
        network: the entry under that key; empty where it is still to be trained.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    table: tuple[str, bytes] | None = None
    key: str = ""
    network: bytes = b""


def pack(experiment: Experiment, *, travels: bool) -> Luggage:
    """Load the rows, and pack what this machine has; networks are not trained here.

    Args:
        experiment: the settings.
        travels: whether to another machine, which has no files of this one.

    Raises:
        DataError, ModelError: the rows or the network cannot be used.
    """
    from srnet_cli.datasets.loading import load_dataset
    from srnet_cli.datasets.pmlb import fetch
    from srnet_cli.networks import load_or_train
    from srnet_cli.networks.cache import cache_key, sound_entry

    dataset = load_dataset(experiment.dataset, experiment.seed)
    settings, standardise = experiment.network, experiment.dataset.standardise
    if settings.train is None:
        key, network = "", None
        load_or_train(settings, dataset, experiment.seed, standardise, lambda _: None)
    else:
        key = cache_key(settings.train, dataset, experiment.seed, standardise)
        network = sound_entry(key)
    if not travels:
        return Luggage(key=key, network=network or b"")
    name = experiment.dataset.pmlb
    table = None if name is None else (name, fetch(name).read_bytes())
    files = {str(path): path.read_bytes() for _, path, _ in named_files(experiment)}
    return Luggage(files, table, key, network or b"")


def train(experiment: Experiment) -> bytes:
    """Train the network, and keep it in the cache where that can be written.

    Returns:
        The cache's entry.

    Raises:
        DataError, ModelError: the rows cannot be used, or not be trained on.
    """
    from srnet_cli.datasets.loading import load_dataset
    from srnet_cli.networks.loading import trained_entry

    assert experiment.network.train is not None
    dataset = load_dataset(experiment.dataset, experiment.seed)
    return trained_entry(
        experiment.network.train, dataset, experiment.seed, experiment.dataset.standardise
    )


@contextmanager
def network_at_hand(luggage: Luggage) -> Iterator[None]:
    """The trained network is in the cache: in one of its own where ours cannot be written.

    So it is not trained anew with the same libraries, and results do not tell where it was trained.

    Raises:
        StorageError: there is no place for it at all.
    """
    from srnet_cli.networks.cache import read_entry, write_entry

    with ExitStack() as stack:
        if luggage.network and read_entry(luggage.key) != luggage.network:
            try:
                write_entry(luggage.key, luggage.network)
            except StorageError:
                with storage_errors("create", Path("a temporary folder")):
                    place = tempfile.TemporaryDirectory(prefix="srnet-", ignore_cleanup_errors=True)
                stack.enter_context(variables({CACHE: stack.enter_context(place)}))
                write_entry(luggage.key, luggage.network)
        yield


@contextmanager
def unpacked(luggage: Luggage, place: Path) -> Iterator[Mapping[str, str]]:
    """The luggage in a folder; yields where each file is now, by the path it had."""
    from srnet_cli.datasets.pmlb import VARIABLE

    paths = {}
    for number, (path, data) in enumerate(luggage.files.items()):
        new = place / str(number) / Path(path).name  # which decides how it is read
        new.parent.mkdir()
        write_atomic(new, data)
        paths[path] = str(new)
    environment = {}
    if luggage.table is not None:
        name, data = luggage.table
        (place / "data" / name).mkdir(parents=True)
        write_atomic(place / "data" / name / f"{name}.tsv.gz", data)
        environment[VARIABLE] = str(place / "data")
    with network_at_hand(luggage), variables(environment):
        yield paths
