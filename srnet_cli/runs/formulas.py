"""``formulas.json`` and ``formulas.txt``: what the network computes, straight from its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.schema import EvolutionSettings
from srnet_cli.errors import ModelError, StorageError
from srnet_cli.evolution.direct import HallOfFame
from srnet_cli.evolution.limits import limited_functions
from srnet_cli.evolution.problem import direct_outputs
from srnet_cli.expressions.names import Names
from srnet_cli.expressions.nesting import written_functions
from srnet_cli.fidelity.row_sets import judged
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.fronts.writing import Rows, write_formulas
from srnet_cli.networks import TrainedNetwork
from srnet_cli.rendering.document import Display, Document
from srnet_cli.rendering.formats import RENDERERS
from srnet_cli.runs import files
from srnet_cli.runs.formula_sections import formula_sections
from srnet_cli.runs.outputs import direct_names
from srnet_cli.runs.records import Inputs
from srnet_cli.signals import never
from srnet_cli.store import RunFolder, encode_json

Array = NDArray[np.float64]


def formulas_from_halls(
    halls: Sequence[HallOfFame],
    inputs: Inputs,
    network: TrainedNetwork,
    sets: Mapping[str, Array],
    settings: EvolutionSettings,
    fit: Rows | None = None,
    is_late: Callable[[], bool] = never,
) -> NetworkFormulas | None:
    """The formulas of a direct search as people write them; None where there was no such search.

    Args:
        halls: what was found, one per direct output, see ``problem.direct_outputs``.
        inputs: names of features, target and classes.
        network: the network.
        sets: raw rows by name.
        settings: of the search.
        fit: raw rows on which constants are made readable, with the direct outputs there; None:
            the training rows.
        is_late: whether time is up.
    """
    if not halls:
        return None
    has_classes, rows = network.output_activation == "softmax", judged(sets)

    def answered(X: Array) -> Rows:
        return Rows(X, direct_outputs(network.predict(X), has_classes))

    return write_formulas(
        halls,
        Names(tuple(inputs.features)),
        direct_names(inputs, network),
        fit=answered(sets["train"]) if fit is None else fit,
        judging=answered(sets[rows]),
        rows=rows,
        limited=written_functions(limited_functions(settings)),
        is_late=is_late,
    )


def write(folder: RunFolder, formulas: NetworkFormulas) -> None:
    """Write both files.

    Raises:
        StorageError: one cannot be written.
    """
    for name, content in contents_of(formulas).items():
        folder.write(name, content)


def contents_of(formulas: NetworkFormulas) -> dict[str, bytes]:
    """What is in both files, by name."""
    document = Document("", sections=tuple(formula_sections(formulas, Display(full=True))))
    return {
        files.FORMULAS: encode_json(formulas.to_dict()),
        files.FORMULAS_TEXT: (RENDERERS["table"](document).strip() + "\n").encode(),
    }


def read(folder: RunFolder) -> NetworkFormulas | None:
    """The formulas in a run's folder, None where it was made without.

    Raises:
        StorageError: the file is damaged.
    """
    if files.FORMULAS not in folder.committed().files:
        return None
    try:
        return NetworkFormulas.from_dict(folder.read_json(files.FORMULAS))
    except ModelError as error:
        raise StorageError(f"{folder.path / files.FORMULAS} is damaged: {error}") from None
