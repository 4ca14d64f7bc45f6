"""Saved searches that were changed: refused in one line, whatever was done to them, or harmless."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromosomes import quick
from hypothesis import given
from hypothesis import strategies as st
from problems import network_problem

from srnet_cli.cgp.kernels.direct.tree import FIRST_INPUT
from srnet_cli.config.evolution import SETTINGS
from srnet_cli.config.schema import EvolutionSettings, Experiment
from srnet_cli.errors import StorageError
from srnet_cli.evolution.auto import strategy as auto
from srnet_cli.evolution.direct.progress import unpack_states
from srnet_cli.evolution.mnncgp import strategy as mnncgp
from srnet_cli.evolution.problem import Problem
from srnet_cli.evolution.restoring import require_fits, restored
from srnet_cli.evolution.strategies import STRATEGIES
from srnet_cli.primitives import BY_NAME
from srnet_cli.store import Checkpoint

PROBLEM = network_problem((2, 3, 1), 20)
NAMES = list(STRATEGIES)
VALUES = st.sampled_from(
    [-1, -(2**31), 2**30, 2**31 - 1, 0, 1, 5, 300, 0.5, np.nan, np.inf, -np.inf, 1e300]
)


def settings(name: str) -> EvolutionSettings:
    values = {
        "auto": {"max_length": 6, "direct_share": 0.02},  # one generation of three
        "mnncgp-es": {"population": 5},
        "direct": {"max_length": 6},
    }
    return SETTINGS[name](generations=50, **values[name])


@cache
def saved(name: str) -> bytes:
    """The checkpoint of a search that has begun."""
    search = STRATEGIES[name].search(PROBLEM, settings(name), 0, 0, 1)
    state = search.init()
    search.advance(state, 3)
    return STRATEGIES[name].pack([state])


def arrays_of(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data)) as arrays:
        return dict(arrays)


def bytes_of(arrays: Mapping[str, np.ndarray], save: Callable[..., Any] = np.savez) -> bytes:
    buffer = io.BytesIO()
    save(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def taken_up(name: str, data: bytes) -> list[Any]:
    """The states in a checkpoint of a run, as ``fit`` and ``explain`` read them."""
    experiment = Experiment.model_validate(
        {
            "name": "changed",
            "dataset": {"formula": "x * y", "domain": {"x": [0, 1], "y": [0, 1]}},
            "network": {"train": {"hidden": [3]}},
            "evolution": settings(name).model_dump(),
        }
    )
    return restored(experiment, Checkpoint(3, data), Path("run"), PROBLEM.widths)


def use(name: str, data: bytes) -> None:
    """Take a search up, go on, and read its formulas."""
    (state,) = taken_up(name, data)
    search = STRATEGIES[name].search(PROBLEM, settings(name), 0, 0, 1)
    require_fits(search, [state], 0, Path("run"))
    if not search.is_over(state):
        search.advance(state, 1)
    layers = STRATEGIES[name].symbolic_layers(state, PROBLEM.widths, settings(name))
    inputs = PROBLEM.inputs
    for layer in layers:
        inputs = layer(inputs)
    assert inputs.shape == (20, 1)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_saved_is_taken_up(name: str) -> None:
    """A checkpoint as it was saved passes, to the byte."""
    assert STRATEGIES[name].pack(taken_up(name, saved(name))) == saved(name)
    use(name, saved(name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [2**30, -1, -(2**31), 19, 10])
def test_genes_out_of_range_are_refused(name: str, value: int) -> None:
    """Genes that would make kernels read and write anywhere are one line."""
    arrays = arrays_of(saved(name))
    for key, array in arrays.items():
        if key.endswith(("genes", "codes")):
            arrays[key] = np.full_like(array, value)
    with pytest.raises(StorageError, match="generation 3 is damaged or of another version") as info:
        taken_up(name, bytes_of(arrays))
    assert "\n" not in str(info.value)
    assert info.value.exit_code == 4


def test_more_generations_than_the_settings_allow_are_refused() -> None:
    """A search that says it is past its end is not gone on with."""
    arrays = arrays_of(saved("mnncgp-es"))
    arrays["0.generation"] = np.array(51)
    with pytest.raises(StorageError, match="is damaged or of another version"):
        taken_up("mnncgp-es", bytes_of(arrays))


@pytest.mark.parametrize("name", NAMES)
@quick
@given(st.data())
def test_any_change_is_refused_or_harmless(name: str, data: st.DataObject) -> None:
    """Any array of the wrong length, type or content, added or removed: refused, or the search
    goes on and has formulas."""
    arrays = arrays_of(saved(name))
    for _ in range(data.draw(st.integers(1, 3))):
        key = data.draw(st.sampled_from(sorted(arrays)))
        array = arrays[key].copy()
        match data.draw(st.sampled_from(["value", "value", "cut", "type", "shape", "drop"])):
            case "value" if array.size:
                place = data.draw(st.integers(0, array.size - 1))
                with np.errstate(all="ignore"):
                    array.reshape(-1)[place] = np.array([data.draw(VALUES)]).astype(array.dtype)[0]
            case "cut" if array.ndim:
                array = array[: data.draw(st.integers(0, len(array)))]
            case "type":
                kind = data.draw(st.sampled_from(["i4", "i8", "f4", "f8", "U3", "?", "c16", "i2"]))
                # What an earlier change has made may be no numbers, or no real ones.
                lossy = (ValueError, np.exceptions.ComplexWarning)
                with np.errstate(all="ignore"), suppress(*lossy):
                    array = array.astype(kind)
            case "shape":
                array = array.reshape(data.draw(st.sampled_from([(-1,), (1, -1), (-1, 1)])))
            case "drop":
                del arrays[key]
                continue
        arrays[key] = array
    if not arrays:
        return
    refused: list[list[str]] = []
    with np.errstate(all="ignore"):
        try:
            use(name, bytes_of(arrays))
        except StorageError as error:
            lines = str(error).splitlines()
            refused.append(lines)
    assert all(len(lines) == 1 for lines in refused)


@pytest.mark.parametrize("name", NAMES)
@quick
@given(st.integers(0, 10**9), st.binary(min_size=1, max_size=4), st.booleans())
def test_any_bytes_are_refused_or_harmless(name: str, at: int, new: bytes, cut: bool) -> None:
    """Bytes overwritten anywhere, or cut off, whose digest somebody has made to fit."""
    changed = bytearray(saved(name))
    place = at % len(changed)
    changed[place : place + len(new)] = new
    refused: list[list[str]] = []
    with np.errstate(all="ignore"):
        try:
            use(name, bytes(changed[:place] if cut else changed))
        except StorageError as error:
            lines = str(error).splitlines()
            refused.append(lines)
    assert all(len(lines) == 1 for lines in refused)


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_that_unpacks_to_more_than_it_holds_is_refused(name: str) -> None:
    """Checkpoints are not compressed: one that is may unpack to anything."""
    large = arrays_of(saved(name)) | {"more": np.zeros(10**6)}
    with pytest.raises(StorageError, match="damaged"):
        taken_up(name, bytes_of(large, np.savez_compressed))


@pytest.mark.parametrize("name", NAMES)
def test_more_trials_than_the_run_has_are_refused(name: str) -> None:
    """A run of one trial has no state of a second, nor none at all."""
    states = taken_up(name, saved(name))
    for number in (0, 2):
        with pytest.raises(StorageError, match="damaged"):
            taken_up(name, STRATEGIES[name].pack(states * number))


@pytest.mark.parametrize("name", ["auto", "mnncgp-es"])
def test_states_of_another_problem_are_refused(name: str) -> None:
    """What fits another network or function set is not taken for this one's."""
    unpack = {"auto": auto.unpack, "mnncgp-es": mnncgp.unpack}[name]
    for widths in ((2, 4, 1), (2, 3, 1, 1), (2, 3)):
        with pytest.raises((KeyError, ValueError), match=r"."):
            unpack(saved(name), widths, settings(name))
    few = settings(name).model_copy(update={"functions": ("add",)})
    with pytest.raises(ValueError, match="function is not one of 1"):
        unpack(saved(name), PROBLEM.widths, few)


def test_direct_states_of_another_problem_are_refused() -> None:
    """What reads other inputs or gives other outputs is not taken for this network's."""
    for widths in ((1, 3, 1), (3, 3, 1), (2, 3, 3)):
        with pytest.raises(ValueError, match=r"."):
            unpack_states(saved("direct"), widths)


@pytest.mark.parametrize("name", ["auto", "direct"])
@pytest.mark.parametrize("code", [FIRST_INPUT + 1, BY_NAME["cube"].opcode])
def test_trees_of_another_search_are_refused(name: str, code: int) -> None:
    """A tree that reads an input which this search leaves out, or has a function that is not in its
    set: the network has that input and the program that function, and the kernels would go on."""
    rows = np.column_stack([PROBLEM.inputs[:, 0], np.ones(20)])
    problem = Problem(rows, PROBLEM.targets, 20)
    search = STRATEGIES[name].search(problem, settings(name), 0, 0, 1)
    state = search.init()
    search.advance(state, 1)
    require_fits(search, [state], 0, Path("run"))
    direct = state if name == "direct" else state.direct
    hall = direct.search.outputs[0].hall
    cell = int(np.flatnonzero(hall.heads[:, 0, 0])[0])
    tree_of_hall = hall.codes[cell, 0]
    place = 0 if code >= FIRST_INPUT else int(hall.heads[cell, 0, 0]) - 1
    tree_of_hall[place] = code
    STRATEGIES[name].unpack(STRATEGIES[name].pack([state]), problem.widths, settings(name))
    with pytest.raises(StorageError, match="generation 1 is damaged or of another version"):
        require_fits(search, [state], 0, Path("run"))
