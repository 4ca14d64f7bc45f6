"""Which instances are explained, and which points lie around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compared import fitted, linear_formula, network

from srnet_cli.compare.comparing import subject_of
from srnet_cli.compare.explainers import Subject
from srnet_cli.compare.instances import NEIGHBOURS, SIGMAS, choose
from srnet_cli.compare.path import inside, path_instances
from srnet_cli.errors import DataError

RUN = fitted(network(), linear_formula(np.ones((1, 2)), np.zeros(1)))
SUBJECT: Subject = subject_of(RUN)


def test_instances_are_rows_with_what_the_network_says_there():
    """Each instance is the row of its number, labelled by the network."""
    for instances in choose(SUBJECT, RUN.sets, 20, 0):
        np.testing.assert_array_equal(instances.X, RUN.sets[instances.set_name][instances.rows])
        np.testing.assert_array_equal(instances.network, RUN.network.predict(instances.X))
        flat = instances.neighbours.reshape(-1, 2)
        np.testing.assert_array_equal(instances.around.reshape(-1, 1), RUN.network.predict(flat))
        assert len(set(instances.rows.tolist())) == 20


def test_fewer_instances_are_among_more():
    """Neither a row nor its neighbours depend on how many others are explained."""
    for few, many in zip(
        choose(SUBJECT, RUN.sets, 8, 0), choose(SUBJECT, RUN.sets, 30, 0), strict=True
    ):
        places = [many.rows.tolist().index(row) for row in few.rows]
        np.testing.assert_array_equal(many.neighbours[places], few.neighbours)


def test_more_than_there_are_are_all():
    """A set is explained as far as it goes."""
    assert [len(instances) for instances in choose(SUBJECT, RUN.sets, 1000, 0)] == [60, 50]


def test_neighbours_lie_around_the_instance():
    """σ is in standard deviations of each feature over the training rows."""
    instances, _ = choose(SUBJECT, RUN.sets, 60, 0)
    assert instances.neighbours.shape == (60, len(SIGMAS), NEIGHBOURS, 2)
    offsets = (instances.neighbours - instances.X[:, None, None]) / RUN.sets["train"].std(axis=0)
    deviations = np.sqrt((offsets**2).mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(deviations, SIGMAS, rtol=0.1)
    np.testing.assert_allclose(offsets.mean(axis=(0, 2)) / np.array(SIGMAS)[:, None], 0, atol=0.2)


def test_what_never_varies_is_not_moved():
    """A column that is constant in training stays where it is in every neighbour, however far it
    would take the network elsewhere; the other columns move as they would without it."""
    train = RUN.sets["train"].copy()
    train[:, 1] = 0.1 + 0.2  # whose deviation is not 0 but rounding
    flat = {name: np.column_stack([X[:, 0], train[: len(X), 1]]) for name, X in RUN.sets.items()}
    run = replace(RUN, sets=flat)
    for instances in choose(subject_of(run), run.sets, 20, 0):
        assert (instances.neighbours[..., 1] == 0.1 + 0.2).all()
        assert len(np.unique(instances.neighbours[..., 0])) > 20 * len(SIGMAS)
    moved = choose(SUBJECT, RUN.sets, 20, 0)[0].neighbours[..., 0]
    assert (choose(subject_of(run), run.sets, 20, 0)[0].neighbours[..., 0] == moved).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_missing_values_are_refused(bad):
    """One line says how many rows of which set are bad."""
    X = RUN.sets["interpolation"].copy()
    X[[3, 4], 1] = bad
    with pytest.raises(DataError, match="2 of 60 interpolation rows have missing"):
        choose(SUBJECT, RUN.sets | {"interpolation": X}, 5, 0)


def test_no_rows_to_compare_on_is_said():
    """A run with training rows alone has nothing held out."""
    with pytest.raises(DataError, match="neither held-out rows"):
        choose(SUBJECT, {"train": RUN.sets["train"]}, 5, 0)


def test_the_path_goes_through_the_domain():
    """From the lowest corner beyond to the highest, the middle third inside the domain."""
    line = path_instances(SUBJECT, RUN.sets)
    beyond = RUN.sets["extrapolation"]
    np.testing.assert_allclose(line.X[[0, -1]], [beyond.min(axis=0), beyond.max(axis=0)])
    assert (np.diff(line.X, axis=0) > 0).all()
    within = inside(line.X, RUN.sets["interpolation"])
    assert within.tolist() == sorted(within[:50]) + sorted(within[50:], reverse=True)
    assert within.sum() == 34
