"""Workers of a real Dask cluster: used, lost, refused."""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import executor_work
import pytest
from dask_cluster import DaskCluster, dask_cluster
from patience import until

from srnet_cli.errors import UsageError
from srnet_cli.executor.cluster import PATIENT, Cluster, Patience, Tls, difference
from srnet_cli.executor.tasks import Begun, Ended, Lost, run_all

pytest.importorskip("distributed")
# Of Dask's own threads and sockets, closed when the collector comes by.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2) as running:
        running.wait_for_workers(2)
        yield running


@pytest.fixture
def mute() -> Iterator[str]:
    """Host and port of somebody who listens and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def ignore(text: str) -> None:
    """Tell nobody."""


def connect(
    cluster: DaskCluster,
    work: Callable[..., object],
    notice: Callable[[str], None] = ignore,
    patience: Patience = PATIENT,
) -> Cluster:
    return Cluster(work, cluster.address, executor_work.describe, notice, patience=patience)


def free_port() -> int:
    """One that the system gives to nobody who does not ask for it."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def wait_for_workers(places: Cluster, count: int) -> None:
    assert until(lambda: len(places.free()) == count)


def test_results_come_back_from_all_workers(cluster: DaskCluster) -> None:
    """Each worker has one task at a time, and is used for several."""
    payloads = {str(number): number for number in range(8)}
    with connect(cluster, executor_work.square) as places:
        wait_for_workers(places, 2)
        events = list(run_all(places, payloads, payloads.__getitem__))
    ended = [event for event in events if isinstance(event, Ended)]
    assert {event.key: event.result[0] for event in ended} == {k: v**2 for k, v in payloads.items()}
    assert {event.result[1] for event in ended} == {
        worker.pid for worker in cluster.workers.values()
    }


def test_a_result_that_does_not_come_holds_up_no_other(
    cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that does not answer for a while is looked at again after those that do."""
    from distributed import Future

    mute, result, asked = set[str](), Future.result, list[str]()

    def asked_first(future: Future, timeout: float | None = None) -> object:
        asked.append(future.key)
        if future.key in mute and asked.count(future.key) < 3:
            raise TimeoutError
        return result(future, timeout)

    monkeypatch.setattr(Future, "result", asked_first)
    with connect(cluster, executor_work.square) as places:
        wait_for_workers(places, 2)
        first, second = places.free()
        places.begin(first, "slow", 3)
        mute.add(places._running[first][1].key)
        places.begin(second, "quick", 4)
        assert until(lambda: all(future.done() for _, future in places._running.values()))
        events = [event for _ in range(4) for event in places.wait(1.0)]
    assert {event.key: event.result[0] for event in events} == {"slow": 9, "quick": 16}
    assert [event.key for event in events] == ["quick", "slow"]


def test_a_worker_with_another_version_is_refused_and_named(cluster: DaskCluster) -> None:
    """At the start that is an error; one that joins later is not used, which is said."""
    said: list[str] = []
    looking = Patience(look_seconds=0.0)
    with connect(cluster, executor_work.square, said.append, looking) as places:
        wait_for_workers(places, 2)
        before = set(places.free())
        port = free_port()
        cluster.add("other", {"WORK_VERSION": "2"}, port)
        try:
            assert until(lambda: bool(places.free() and said))
            assert set(places.free()) == before
            assert "has work 2, here is 1" in said[0]
            with pytest.raises(UsageError, match=r"another version: tcp://.* has work 2") as caught:
                connect(cluster, executor_work.square)
            assert "same versions" in caught.value.hint
        finally:
            cluster.end("other")
        cluster.wait_for_workers(2)
        assert set(places.free()) == before
        # What comes back at the same address is judged anew.
        cluster.add("mended", {}, port)
        try:
            wait_for_workers(places, 3)
        finally:
            cluster.end("mended")


def test_a_worker_to_be_avoided_gets_nothing_more(cluster: DaskCluster) -> None:
    """That is said, and also when there is no other one left."""
    said: list[str] = []
    with connect(cluster, executor_work.square, said.append) as places:
        wait_for_workers(places, 2)
        first, second = places.free()
        places.avoid(first, "its disk is full")
        assert places.free() == [second]
        places.avoid(second, "its disk is full")
        assert until(lambda: not places.free() and len(said) == 3)
    assert said[0] == f"worker {first} is not used: it has a fault: its disk is full"
    assert said[2] == f"{cluster.address} has no worker left that can be used: waiting for some"


def test_a_killed_worker_costs_nothing_but_time(cluster: DaskCluster, tmp_path: Path) -> None:
    """Its task is begun anew on another one."""
    mark = str(tmp_path / "mark")
    with connect(cluster, executor_work.die_once) as places:
        wait_for_workers(places, 2)
        told = [event for event in run_all(places, ["key"], lambda _: mark) if event is not None]
    assert [type(event) for event in told] == [Begun, Lost, Begun, Ended]
    assert isinstance(told[-1], Ended)
    assert told[-1].result == mark
    assert told[0].place != told[2].place


def test_a_scheduler_that_goes_away_is_one_line(cluster: DaskCluster) -> None:
    """With what to do; the last test of this cluster."""
    with connect(cluster, executor_work.square) as places:
        assert until(lambda: bool(places.free()))
        places._client._timeout = 0.5  # for connecting again, which nothing answers
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        with pytest.raises(UsageError, match=r"the scheduler at .* is gone") as caught:
            until(lambda: bool(places.wait(0.1)))
    assert "start it again" in caught.value.hint
    for name in ("distributed.client", "distributed.core", "distributed.batched"):
        assert not logging.getLogger(name).isEnabledFor(logging.ERROR)


def test_an_unreachable_scheduler_is_one_line() -> None:
    """That names its address, without a word of Dask's, whose way to ask is longer."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match=f"no Dask scheduler can be reached at {address}"):
            Cluster(
                *(executor_work.square, address, executor_work.describe, ignore),
                patience=Patience(connect_seconds=0.5),
            )


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 64, b""])
def test_what_is_no_scheduler_is_one_line(answer: bytes) -> None:
    """Another server at the address, which answers in a language of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=_answer_all, args=(server, answer), daemon=True).start()
        with pytest.raises(UsageError, match=f"no Dask scheduler can be reached at {address}: \\w"):
            Cluster(executor_work.square, address, executor_work.describe, ignore)


def _answer_all(server: socket.socket, answer: bytes) -> None:
    with suppress(OSError):
        while True:
            with server.accept()[0] as asking:
                asking.sendall(answer)


@pytest.mark.parametrize(
    "address", ["nonsense://x", "tls://{mute}", "host", "tcp://host", "tcp://host:x", ""]
)
def test_an_impossible_address_is_one_line(address: str, mute: str) -> None:
    """Also an encrypted one without certificates, and one without a port; no client is left."""
    from distributed import Client

    address = address.format(mute=mute)
    before = set(Client._instances)
    with pytest.raises(UsageError, match=f"at {address}"):
        Cluster(executor_work.square, address, executor_work.describe, ignore)
    assert set(Client._instances) <= before


def test_certificates_that_are_not_there_are_one_line(mute: str, tmp_path: Path) -> None:
    """Of files given on the command line."""
    tls = Tls(*(str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem")))
    with pytest.raises(UsageError, match=f"tls://{mute}"):
        Cluster(executor_work.square, f"tls://{mute}", executor_work.describe, ignore, tls)


def test_difference_names_what_differs() -> None:
    """And says nothing of what is the same, or only there."""
    assert difference({"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"}) == ""
    assert difference({"a": "1", "b": "2"}, {"a": "1"}) == "has b None, here is 2"
