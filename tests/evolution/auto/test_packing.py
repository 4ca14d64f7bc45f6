"""States that the version before has packed, whose search had no classes of stages."""

from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from problems import network_problem

from srnet_cli.config.schema import AutoSettings
from srnet_cli.evolution.auto.state import DescentProgress, LayerProgress, RefinementProgress
from srnet_cli.evolution.auto.strategy import Auto, pack, symbolic_layers, unpack

GOLDEN = Path(__file__).parents[2] / "golden" / "auto"
SETTINGS = AutoSettings.model_validate({"strategy": "auto"})


@pytest.mark.parametrize(
    ("name", "widths", "stages"),
    [
        (
            "regression",
            (2, 2, 1),
            [(0, 0, LayerProgress), (0, 2, RefinementProgress), (1, 0, None), (1, 3, None)],
        ),
        (
            "classifier",
            (2, 2, 2),
            [(0, 2, RefinementProgress), (0, 3, None), (0, 3, DescentProgress), (0, 4, None)],
        ),
    ],
)
def test_states_of_the_version_before_are_read(
    name: str, widths: tuple[int, ...], stages: list[tuple[int, int, type | None]]
) -> None:
    """In the middle of a layer, of the refinement, of a classifier's descent, between two cycles
    and at the end: packed again they are the same arrays, and they hold formulas. The archive
    around them is Python's, and differs from version to version."""
    data = (GOLDEN / f"{name}.npz").read_bytes()
    states = unpack(data, widths, SETTINGS)
    assert arrays(pack(states)) == arrays(data)
    for state, (cycle, position, kind) in zip(states, stages, strict=True):
        assert (state.cycle, state.position) == (cycle, position)
        assert (None if state.progress is None else type(state.progress)) is kind
        layers = symbolic_layers(state, widths, SETTINGS)
        assert [layer.width for layer in layers] == list(widths[1:])
        assert np.isfinite(state.fitness)


def arrays(data: bytes) -> dict[str, bytes]:
    """The files of an archive."""
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_search_of_the_version_before_goes_on() -> None:
    """From wherever it was left; what was over stays so."""
    problem = network_problem((2, 2, 1), 60, 60, seed=3)
    search = Auto(problem, SETTINGS, 0)
    *running, over = unpack((GOLDEN / "regression.npz").read_bytes(), problem.widths, SETTINGS)
    assert search.is_over(over)
    for state in running:
        assert not search.is_over(state)
        generation = state.generation
        search.advance(state, 1)
        assert state.generation == generation + 1


@pytest.mark.parametrize(
    ("name", "kind"), [("0.figures", "c16"), ("0.whole", "c16"), ("0.counts", "f8")]
)
def test_numbers_of_another_kind_are_refused(name: str, kind: str) -> None:
    """Complex errors could not be compared."""
    with np.load(GOLDEN / "regression.npz") as archive:
        changed = dict(archive)
    changed[name] = changed[name].astype(kind)
    file = io.BytesIO()
    np.savez(file, **changed)
    with pytest.raises(ValueError, match=f"{name} holds numbers of another kind"):
        unpack(file.getvalue(), (2, 2, 1), SETTINGS)
