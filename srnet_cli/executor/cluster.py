"""The workers of a Dask cluster as places for tasks.

Each worker has one task at a time, sent to that worker by name. So this module knows which task
is lost with a worker, whatever the scheduler's own idea of retries; a worker that joins later, or
comes back, is used from then on.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import queue
import socket
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from srnet_cli.errors import UsageError
from srnet_cli.executor.tasks import Ended, Lost

if TYPE_CHECKING:
    from distributed import Client, Future
    from distributed.security import Security

_LISTEN_SECONDS = 3.0
_LOST_SECONDS = 3.0
_SHOWN = 3


@dataclass(frozen=True)
class Tls:
    """Files for encrypted connections, PEM; each may be left to Dask's own configuration.

    Attributes:
        ca: certificate of the authority that all trust.
        cert: this client's certificate.
        key: its private key.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Patience:
    """How long a cluster is waited for.

    Attributes:
        connect_seconds: for a connection, or a result that is said to be there.
        look_seconds: between two looks at which workers there are, at least.
    """

    connect_seconds: float = 10.0
    look_seconds: float = 0.5


PATIENT = Patience()
"""That of every suite."""


class Cluster:
    """Workers of an existing Dask scheduler; a context manager.

    Args:
        work: a function at the top of its module, called with every payload.
        address: of the scheduler, ``tcp://host:8786`` or ``tls://host:8786``.
        describe: a function at the top of its module that says in names and versions what a worker
            runs with; its answer must be the same here and there.
        notice: is told, in one line, of workers that are not used.
        tls: for encrypted connections.
        patience: how long it is waited for.

    Raises:
        UsageError: ``distributed`` is not installed, the scheduler cannot be reached, or a worker
            runs with something else.
    """

    def __init__(
        self,
        work: Callable[[Any], Any],
        address: str,
        describe: Callable[[], Mapping[str, str]],
        notice: Callable[[str], None],
        tls: Tls | None = None,
        patience: Patience = PATIENT,
    ) -> None:
        self._work = work
        self._patience = patience
        self._address = address
        self._describe = describe
        self._notice = notice
        self._client = _connect(address, tls, patience.connect_seconds)
        self._session = uuid.uuid4().hex[:12]
        self._numbers = itertools.count()
        self._done: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._running: dict[str, tuple[str, Future[Any]]] = {}
        self._judged: dict[str, str] = {}
        self._looked = 0.0
        self._lost: float | None = None
        self._workers: set[str] = set()
        self._has_begun = self._is_idle = False
        try:
            self._look()
            self._require_same()
            self._has_begun = True
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A scheduler that is gone cannot be told, and asking would wait for it.
        with suppress(Exception):
            if self._client.status == "running":
                self._client.cancel([future for _, future in self._running.values()], force=True)
        self._client.close(timeout=2)

    def free(self) -> Sequence[str]:
        """The workers that wait for a task."""
        self._look()
        return sorted(self._fit() - self._running.keys())

    def begin(self, place: str, key: str, payload: Any) -> None:
        """Send a task to a worker."""
        name = f"srnet-{self._session}-{next(self._numbers)}"
        future = self._client.submit(
            self._work, payload, key=name, workers=[place], allow_other_workers=False, pure=False
        )
        self._running[place] = key, future
        future.add_done_callback(lambda _: self._done.put(place))

    def wait(self, seconds: float) -> Sequence[Ended | Lost]:
        """What has ended, or whose worker has left."""
        events: list[Ended | Lost] = []
        with suppress(queue.Empty):
            place = self._done.get(timeout=seconds)
            if place in self._running and self._running[place][1].done():
                events += self._end(place)
        self._look()
        gone = self._running.keys() - self._workers
        return [*events, *(self._give_up(place) for place in sorted(gone))]

    def avoid(self, place: str, reason: str) -> None:
        """Do not use a worker any more, as long as it is the same one."""
        self._keep(place, f"has a fault: {reason}")

    def stop(self, seconds: float) -> None:
        """Nothing can be asked of a thread: workers end what they have begun, for nobody."""

    def _look(self) -> None:
        """See which workers there are, now and then."""
        if time.monotonic() - self._looked < self._patience.look_seconds:
            return
        if self._client.status != "running":
            self._await_connection()
            return
        self._lost = None
        try:
            self._workers = set(self._client.nthreads())
        except Exception as error:
            raise self._gone(type(error).__name__) from None
        self._looked = time.monotonic()
        # One that has left may come back as another.
        self._judged = {w: why for w, why in self._judged.items() if w in self._workers}
        self._judge(self._workers - self._judged.keys())
        self._say_if_idle()

    def _await_connection(self) -> None:
        """Dask tries to connect again; for a moment that may do, longer is not worth the wait.

        Raises:
            UsageError: the moment is over.
        """
        now = time.monotonic()
        self._lost = now if self._lost is None else self._lost
        if now - self._lost > _LOST_SECONDS:
            raise self._gone("no connection")

    def _gone(self, why: str) -> UsageError:
        return UsageError(
            f"the scheduler at {self._address} is gone ({why})",
            hint="start it again; the same command goes on from what has been written",
        )

    def _say_if_idle(self) -> None:
        """Once, when there is no worker any more that could be used."""
        was_idle, self._is_idle = self._is_idle, not self._fit()
        if self._has_begun and self._is_idle and not was_idle:
            self._notice(f"{self._address} has no worker left that can be used: waiting for some")

    def _judge(self, workers: set[str]) -> None:
        here = self._describe()
        for worker in sorted(workers):
            try:
                there = self._client.run(self._describe, workers=[worker]).get(worker)
            # Whatever the function, or the lack of it, does over there.
            except Exception as error:
                if worker in self._client.nthreads():
                    self._keep(worker, f"has another srnet, or none ({type(error).__name__})")
                continue
            if there is not None:
                self._keep(worker, difference(here, there))

    def _keep(self, worker: str, reason: str) -> None:
        """Remember why a worker cannot be used; no reason: it can."""
        if reason and self._has_begun:
            self._notice(f"worker {worker} is not used: it {reason}")
        self._judged[worker] = reason

    def _fit(self) -> set[str]:
        return {worker for worker in self._workers if self._judged.get(worker) == ""}

    def _require_same(self) -> None:
        others = sorted((w, why) for w, why in self._judged.items() if why)
        if others:
            named = "; ".join(f"{worker} {why}" for worker, why in others[:_SHOWN])
            more = f" (and {len(others) - _SHOWN} more)" if len(others) > _SHOWN else ""
            raise UsageError(
                f"workers with another version: {named}{more}",
                hint="install the same versions everywhere; results would differ otherwise",
            )
        if not self._workers:
            self._notice(f"{self._address} has no workers yet: waiting for some")

    def _end(self, place: str) -> Sequence[Ended | Lost]:
        """What became of a task that is said to be done; nothing while its result does not come."""
        key, future = self._running[place]
        try:
            result = future.result(timeout=self._patience.connect_seconds)
        except TimeoutError:  # the worker died with the result, or does not answer at the moment
            self._looked = 0.0
            self._done.put(place)
            return []
        except Exception as error:
            if _is_loss(error):
                return [self._give_up(place)]
            raise
        del self._running[place]
        future.release()
        return [Ended(key, place, result)]

    def _give_up(self, place: str) -> Lost:
        key, future = self._running.pop(place)
        with suppress(Exception):
            future.cancel(force=True)
        self._judged.pop(place, None)
        return Lost(key, place)


def difference(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """What another place runs with that is not the same as here, in words; empty where all is."""
    differ = [name for name in here if there.get(name) != here[name]]
    return ", ".join(f"has {name} {there.get(name)}, here is {here[name]}" for name in differ)


def _is_loss(error: Exception) -> bool:
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    return isinstance(error, FutureCancelledError | KilledWorker)


def _require_listener(address: str) -> None:
    """Wait for somebody to listen at an address, but not for as long as Dask would.

    Raises:
        OSError: nobody does.
        ValueError: it is no address.
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    host, port = parts.hostname, parts.port
    if parts.scheme not in ("tcp", "tls") or not host or not port:
        return  # Dask's to judge
    end = time.monotonic() + _LISTEN_SECONDS
    while True:
        try:
            socket.create_connection((host, port), max(0.1, end - time.monotonic())).close()
            return
        except socket.gaierror:  # a name that nobody has
            raise
        except OSError:  # it may be about to begin
            if time.monotonic() > end:
                raise
        time.sleep(0.1)


def _connect(address: str, tls: Tls | None, seconds: float) -> Client:
    try:
        if find_spec("distributed") is None:
            raise ImportError
        _require_listener(address)  # before seconds go into importing Dask
        from distributed import Client
    except (OSError, ValueError) as error:
        raise _unreachable(address, error) from None
    except ImportError:
        raise UsageError(
            "this needs Dask",
            hint="install it: pip install 'srnet[cluster]'",
            options=("scheduler",),
        ) from None
    # What Dask has to say of lost connections is said by us, in one line.
    for name in ("distributed", "tornado.application", *logging.root.manager.loggerDict):
        if name.startswith(("distributed", "tornado.application")):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        security = _security(tls)
        asyncio.run(_greet(address, security))
        return Client(address, timeout=seconds, security=security, set_as_default=False)
    # Whatever it is that answers there: what is no scheduler may answer anything.
    except Exception as error:
        raise _unreachable(address, error) from None


async def _greet(address: str, security: Security | None) -> None:
    """Exchange the first words with a scheduler, as a client that cannot leaves traces behind."""
    from distributed.comm.addressing import get_address_host_port
    from distributed.comm.core import connect
    from distributed.security import Security

    get_address_host_port(address)
    arguments = (security or Security()).get_connection_args("client")
    comm = await connect(address, timeout=_LISTEN_SECONDS, **arguments)
    await comm.close()


def _unreachable(address: str, error: Exception) -> UsageError:
    reason = "what answers there is no Dask scheduler"
    if isinstance(error, OSError | ValueError | TypeError | RuntimeError):
        reason = " ".join(str(error).split())[:200] or type(error).__name__
    return UsageError(
        f"no Dask scheduler can be reached at {address}: {reason}",
        hint="start one with 'dask scheduler', or name none to run on this machine",
        remedies=("scheduler",),
    )


def _security(tls: Tls | None) -> Security | None:
    if tls is None:
        return None
    from distributed.security import Security

    files = {"tls_ca_file": tls.ca, "tls_client_cert": tls.cert, "tls_client_key": tls.key}
    return Security(require_encryption=True, **{k: v for k, v in files.items() if v is not None})
