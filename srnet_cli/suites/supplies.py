"""What the trials of a session need before they can begin, each thing made once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from srnet_cli.config.schema import Experiment
from srnet_cli.suites.luggage import Luggage
from srnet_cli.suites.trial import Packing, Training


class Supplies:
    """The luggage of every case: rows are loaded once for many cases, each network is trained once.

    Two cases share a network where the cache would give both the same one. That is known only when
    the rows have been loaded, so all is packed before anything is trained.

    Args:
        experiments: the settings of every case, by its name.
        travel: whether trials run where none of this machine's files are.
    """

    def __init__(self, experiments: Mapping[str, Experiment], *, travel: bool) -> None:
        self._experiments = experiments
        self._travel = travel
        firsts: dict[str, str] = {}
        self._first = {
            name: firsts.setdefault(_what_is_packed(experiment), name)
            for name, experiment in experiments.items()
        }
        self._luggage: dict[str, Luggage] = {}
        self._networks: dict[str, bytes] = {}

    def to_pack(self) -> list[str]:
        """A case of each kind of luggage; on this machine, only of those with trained networks."""
        return [
            name
            for name in dict.fromkeys(self._first.values())
            if self._travel or self._experiments[name].network.train is not None
        ]

    def packing(self, name: str) -> Packing:
        """The job that packs it."""
        return Packing(self._experiments[name], self._travel)

    def keep_luggage(self, name: str, luggage: Luggage) -> None:
        """Take what was packed."""
        self._luggage[name] = luggage
        if luggage.network:
            self._networks[luggage.key] = luggage.network

    def to_train(self) -> list[str]:
        """A case of each network that is packed nowhere."""
        untrained: dict[str, str] = {}
        for name in self.to_pack():
            key = self._luggage[name].key if name in self._luggage else ""
            if key and key not in self._networks:
                untrained.setdefault(key, name)
        return list(untrained.values())

    def training(self, name: str) -> Training:
        """The job that trains it."""
        return Training(self._experiments[name])

    def keep_network(self, name: str, network: bytes) -> None:
        """Take a network that was trained, for all that need it."""
        self._networks[self._luggage[name].key] = network

    def cases(self, name: str) -> list[str]:
        """The cases that need what is packed, or else trained, for a case."""
        luggage = self._luggage.get(name)
        firsts = {name}
        if luggage is not None and luggage.key:
            firsts = {other for other, own in self._luggage.items() if own.key == luggage.key}
        return [case for case, first in self._first.items() if first in firsts]

    def luggage(self, case: str) -> Luggage:
        """What a trial of a case takes along."""
        luggage = self._luggage.get(self._first[case], Luggage())
        return replace(luggage, network=self._networks.get(luggage.key, b""))


def _what_is_packed(experiment: Experiment) -> str:
    packed = experiment.model_dump(mode="json", include={"seed", "dataset", "network"})
    return json.dumps(packed)
