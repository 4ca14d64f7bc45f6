from functools import partial

import numpy as np
import pytest

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.limits import no_limits
from srnet_cli.config.evolution.direct import DirectSettings
from srnet_cli.evolution.direct.formula import HallOfFame, Member
from srnet_cli.evolution.direct.poles import may_have_pole
from srnet_cli.evolution.direct.progress import (
    from_arrays,
    pack_states,
    packed_arrays,
    unpack_states,
)
from srnet_cli.evolution.direct.settings import Budget, SumBudget
from srnet_cli.evolution.direct.strategy import Direct
from srnet_cli.evolution.direct.sums import (
    LabelledRows,
    Sums,
    can_sum,
    joint_fronts,
)
from srnet_cli.evolution.direct.term_selection import forward_selection, losses_without
from srnet_cli.evolution.direct.term_tuning import SolvedTerms
from srnet_cli.evolution.direct.terms import applied, joined, leaf_program, shifted
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import BY_NAME
from srnet_cli.rng import stream

FUNCTIONS = ("add", "mul", "tanh", "relu", "abs")
FIRST, SECOND = leaf_program(2, 0), leaf_program(2, 1)


def rows(n: int, seed: int) -> LabelledRows:
    X = np.random.default_rng(seed).uniform(-2.0, 2.0, (n, 2))
    bend = np.tanh(2.0 * X[:, 0] + X[:, 1])
    kink = np.maximum(X[:, 1] - 0.3, 0.0)
    return LabelledRows(X, np.column_stack([3.0 * bend + kink, 100.0 + 10.0 * (bend - 2.0 * kink)]))


def sums_of(fit: LabelledRows, judging: LabelledRows, **budget: int) -> Sums:
    return Sums(
        fit,
        judging,
        functions=FUNCTIONS,
        longest=12,
        budget=SumBudget(**{"rows": 400, "terms": 4, "steps": 8, **budget}),
        draw=partial(stream, 0),
    )


def nearly() -> list:
    """What both outputs are made of, with other weights inside."""
    bend = applied("tanh", joined("add", FIRST, SECOND, (1.5, 1.3)))
    return [bend, applied("relu", shifted(SECOND, 0.6))]


def test_shared_terms_are_tuned_until_they_explain_all_outputs() -> None:
    sums = sums_of(rows(1000, 1), rows(500, 2), terms=3, products=0, hinges=0)
    terms = sums.step((), nearly(), 1)
    for _ in range(3):
        terms = sums.step(terms, nearly(), 2)
    fresh = rows(300, 3)
    for output, members in enumerate(sums.members(terms)):
        gap = members[-1].predict(fresh.X) - fresh.Y[:, output]
        assert np.mean(gap**2) < 1e-4 * fresh.Y[:, output].var()


def test_errors_are_those_on_the_rows_that_judge() -> None:
    judging = rows(500, 2)
    sums = sums_of(rows(1000, 1), judging, steps=0)
    members = sums.members(sums.step((), nearly(), 1))
    for output, front in enumerate(members):
        assert front
        for member in front:
            truth = judging.Y[:, output]
            error = np.mean((member.predict(judging.X) - truth) ** 2) / truth.var()
            assert member.error == pytest.approx(error, rel=1e-6)
        errors = [member.error for member in front]
        assert errors == sorted(errors, reverse=True)


def test_terms_are_kept_where_a_step_finds_nothing_better() -> None:
    sums = sums_of(rows(1000, 1), rows(500, 2))
    terms = sums.step((), nearly(), 1)
    nothing = sums_of(rows(1000, 1), rows(500, 2), terms=1, products=0, hinges=0)
    assert nothing.step(terms, [], 2) is terms


def test_a_term_with_a_pole_among_the_rows_that_judge_is_no_term() -> None:
    fit = rows(1000, 1)
    fit = LabelledRows(np.abs(fit.X) + 0.5, fit.Y)
    pole = joined("mul", applied("inverse", FIRST), SECOND)
    X = fit.X.copy()
    X[0, 0] = 0.0
    sums = sums_of(fit, LabelledRows(X, fit.Y), products=0, hinges=0, steps=0)
    terms = sums.step((), [pole], 1)
    assert terms
    assert all(np.isfinite(evaluate(term, X)).all() for term in terms)


def test_an_output_that_does_not_vary_has_no_sums() -> None:
    fit, judging = rows(1000, 1), rows(500, 2)
    fit.Y[:, 0] = judging.Y[:, 0] = 7.0
    sums = sums_of(fit, judging)
    first, second = sums.members(sums.step((), nearly(), 1))
    assert first == ()
    assert second != ()


def test_forward_selection_is_that_of_repeated_least_squares() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(300, 9)) + rng.normal(size=(300, 1))
    targets = columns[:, [2, 5, 7]] @ rng.normal(size=(3, 2)) + 0.1 * rng.normal(size=(300, 2))
    chosen: list[int] = []
    for _ in range(4):
        left = []
        for candidate in range(9):
            A = np.column_stack([np.ones(300), columns[:, [*chosen, candidate]]])
            gap = targets - A @ np.linalg.lstsq(A, targets, rcond=None)[0]
            left.append(np.inf if candidate in chosen else np.sum(gap**2))
        chosen.append(int(np.argmin(left)))
    assert forward_selection(columns, targets, 4, np.ones(9)) == chosen


def test_columns_that_are_taken_come_first() -> None:
    """However little they tell, unless those before them span them."""
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(300, 6))
    columns[:, 1] = columns[:, 0]
    targets = columns[:, [5]] + 0.1 * columns[:, [2]]
    order = forward_selection(columns, targets, 4, np.ones(6), taken=3)
    assert order[:2] in ([0, 2], [1, 2], [2, 0], [2, 1])
    assert order[2] == 5


def test_what_is_not_accepted_is_not_chosen_and_asked_for_once() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(300, 6))
    targets = columns @ np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
    asked: list[int] = []

    def accepts(k: int) -> bool:
        asked.append(k)
        return k != 5

    order = forward_selection(columns, targets, 6, np.ones(6), accepts=accepts)
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert sorted(asked) == [0, 1, 2, 3, 4, 5]


def test_losses_are_those_of_least_squares_without_a_column() -> None:
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(300, 5)) + rng.normal(size=(300, 1))
    targets = columns @ rng.normal(size=(5, 2)) + 0.1 * rng.normal(size=(300, 2))

    def left(some: np.ndarray) -> float:
        A = np.column_stack([np.ones(300), some])
        return float(np.sum((targets - A @ np.linalg.lstsq(A, targets, rcond=None)[0]) ** 2))

    expected = [left(np.delete(columns, k, axis=1)) - left(columns) for k in range(5)]
    np.testing.assert_allclose(losses_without(columns, targets), expected, rtol=1e-5)


def test_of_two_equal_columns_the_shorter_is_chosen() -> None:
    column = np.random.default_rng(0).normal(size=(50, 1))
    assert forward_selection(np.hstack([column, column]), column, 2, np.array([0.5, 1.0])) == [1]


def test_the_slope_of_what_is_left_is_the_differences_quotient() -> None:
    sample = rows(400, 1)
    X, Y = np.asfortranarray(sample.X), sample.Y - sample.Y.mean(axis=0)
    point = SolvedTerms.at(tuple(nearly()), X, Y)
    assert point is not None
    right = point.equations(X)[1]
    for k in range(len(right)):
        step = np.zeros(len(right))
        step[k] = 1e-6
        ahead, behind = (SolvedTerms.at(point.moved(s), X, Y) for s in (step, -step))
        assert ahead is not None
        assert behind is not None
        slope = (ahead.loss - behind.loss) / 2e-6
        assert slope == pytest.approx(-2.0 * right[k], rel=1e-3, abs=1e-3)


def test_only_longer_and_better_sums_follow_single_expressions() -> None:
    def member(nodes: int, error: float) -> Member:
        return Member(nodes, error, FIRST, 1.0, 0.0)

    hall = HallOfFame(0, (member(1, 0.5), member(40, 0.2)))
    sums = (member(45, 0.1), member(60, 0.3), member(70, 0.15), member(90, 0.16), member(99, 0.1))
    (front,) = joint_fronts([hall], [sums], longest=50)
    assert [m.nodes for m in front.members] == [1, 40, 70, 99]


def test_sums_of_several_steps_make_one_front() -> None:
    """In any order; those that are hardly better than a shorter one give way to the best."""

    def member(nodes: int, error: float) -> Member:
        return Member(nodes, error, FIRST, 1.0, 0.0)

    hall = HallOfFame(0, (member(1, 0.5),))
    old = (member(1, 0.5), member(60, 0.3), member(90, 0.1))
    new = (member(55, 0.31), member(70, 0.2), member(80, 0.0999), member(95, 0.0998))
    (front,) = joint_fronts([hall], [(*old, *new)], longest=50)
    assert [m.nodes for m in front.members] == [1, 60, 70, 95]


def test_a_pole_between_the_rows_is_no_term() -> None:
    """On no row is the value out of the common, and yet it is anything on the next."""
    fit, judging = rows(1000, 1), rows(500, 2)
    fit, judging = (
        LabelledRows(part.X[np.abs(part.X[:, 0]) > 0.1], part.Y[np.abs(part.X[:, 0]) > 0.1])
        for part in (fit, judging)
    )
    pole = joined("mul", applied("inverse", FIRST), SECOND)
    sums = sums_of(fit, judging, products=0, hinges=0, units=0, terms=8)
    for seed in range(3):
        assert not any(BY_NAME["inverse"].opcode in t.ops for t in sums.step((), [pole], seed))


def test_tuning_brings_no_pole_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A term that divides by what vanishes between the rows after it is as it was."""
    fit = rows(1000, 1)
    fit = LabelledRows(np.abs(fit.X) + 0.5, fit.Y)
    sums = sums_of(fit, fit, products=0, hinges=0, units=0)
    sound = applied("inverse", shifted(FIRST, -1.0))
    pole = applied("inverse", shifted(FIRST, 1.0))
    monkeypatch.setattr(
        "srnet_cli.evolution.direct.sums.tuned",
        lambda terms, *_: tuple(pole if term is sound else term for term in terms),
    )
    assert may_have_pole(pole, fit.X)
    kept = sums._tuned((SECOND, sound), np.arange(1000))
    assert kept[1] is sound


def test_limits_on_formulas_leave_no_room_for_sums() -> None:
    assert can_sum(FUNCTIONS, no_limits())
    assert not can_sum(FUNCTIONS, no_limits()._replace(depth=4))
    assert not can_sum(("mul",), no_limits())


def searched(parts: int, threads: int) -> bytes:
    """A search of six generations with sums, interrupted so often."""
    sample = rows(300, 4)
    problem = Problem(sample.X, (sample.Y,), 100)
    budget = Budget(
        islands=1,
        seeds=20,
        offspring=20,
        rows=64,
        nodes=12,
        sums=SumBudget(every=2, rows=100, terms=4, formulas=10, products=5, hinges=5),
    )
    settings = DirectSettings(functions=FUNCTIONS, generations=6)
    search = Direct(problem, settings, 0, threads=threads, budget=budget)
    state = search.init()
    for _ in range(parts):
        search.advance(state, 6 // parts)
        if parts > 1:
            # As a checkpoint is, but for the checks, which know the usual budget alone.

            state = from_arrays(packed_arrays(state, ""), "")
    assert state.terms
    assert any(member.nodes > 12 for front in state.fronts for member in front.members)
    return pack_states([state])


def test_neither_threads_nor_interruptions_change_sums() -> None:
    assert searched(1, 1) == searched(3, 2)


def test_terms_of_other_inputs_are_refused() -> None:
    with pytest.raises((KeyError, ValueError)):
        unpack_states(searched(1, 1), (3, 2))
