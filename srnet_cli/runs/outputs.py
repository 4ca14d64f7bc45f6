"""What the outputs of a run's network are called: one place for all that names them."""

from __future__ import annotations

from srnet_cli.config.written import one_line
from srnet_cli.expressions.names import output_names
from srnet_cli.fidelity.labels import class_names
from srnet_cli.networks import TrainedNetwork
from srnet_cli.runs.records import Inputs


def target_names(inputs: Inputs, network: TrainedNetwork) -> list[str]:
    """The targets by their names; else the one target, numbered where there are several outputs."""
    if len(inputs.targets) == network.widths[-1]:
        return [one_line(name) for name in inputs.targets]
    return list(output_names(one_line(inputs.target), network.widths[-1]))


def score_names(inputs: Inputs, network: TrainedNetwork) -> list[str]:
    """The score of every class of a classifier."""
    return [f"score({name})" for name in _classes(inputs, network)]


def probability_names(inputs: Inputs, network: TrainedNetwork) -> list[str]:
    """The probability of every class of a classifier."""
    return [f"probability of {name}" for name in _classes(inputs, network)]


def direct_names(inputs: Inputs, network: TrainedNetwork) -> list[str]:
    """The direct outputs, see ``problem.direct_outputs``: of two classes there is one."""
    if network.output_activation != "softmax":
        return target_names(inputs, network)
    scores = score_names(inputs, network)
    return [f"{scores[1]} - {scores[0]}"] if len(scores) == 2 else scores


def _classes(inputs: Inputs, network: TrainedNetwork) -> list[str]:
    return [one_line(name) for name in class_names(inputs.classes, network.widths[-1])]
