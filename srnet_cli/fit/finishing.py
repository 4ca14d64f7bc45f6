"""What follows a search: its result judged, written as formulas, simplified, proved and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from srnet_cli.fit.allowance import Allowance
from srnet_cli.reporting import Reporter
from srnet_cli.signals import Signals, StopNow
from srnet_cli.store import RunFolder

if TYPE_CHECKING:
    from srnet_cli.evolution.strategies import State
    from srnet_cli.expressions import Shortener
    from srnet_cli.fidelity.assessment import Assessment
    from srnet_cli.fit.preparation import Prepared
    from srnet_cli.fronts.formulas import NetworkFormulas
    from srnet_cli.runs.fronts import StoredFronts
    from srnet_cli.runs.proofs_file import Proofs
    from srnet_cli.runs.records import Metrics

_FEW = 3
"""Whole-network formulas of so many outputs are written even when a signal has come."""

_HASTE_SECONDS = 3.5
"""How long after a signal results are still written."""


@dataclass
class Findings:
    """What a search has found, as far as it has been worked out and written.

    Attributes:
        folder: the run folder.
        prepared: what was searched for.
        states: the trials that have begun.
        threads: threads to use; does not change results.
        allowance: time for all this.
        assessment: None before it is made, and where nothing was found.
        formulas: whole-network formulas; None before they are made, and where there are none.
        metrics: once they are written.
    """

    folder: RunFolder
    prepared: Prepared
    states: Sequence[State]
    threads: int
    allowance: Allowance
    assessment: Assessment | None = None
    formulas: NetworkFormulas | None = None
    metrics: Metrics | None = None

    @cached_property
    def shorten(self) -> Shortener:
        """Gives the normal forms, each made once, of what the assessment is of."""
        from srnet_cli.runs.expressions_file import shortener

        assert self.assessment is not None
        return shortener(self.assessment, self.prepared.experiment.evolution)


def finish(findings: Findings, reporter: Reporter, signals: Signals) -> bool:
    """Work everything out and write it; False where a signal has come before that was done."""
    from srnet_cli.fit.fronts import assessment_of, hall_settings, make_fronts

    prepared, states = findings.prepared, findings.states
    try:
        with signals.at_once():
            findings.assessment = assessment_of(prepared, states)
            _add_formulas(findings)
            assessment = findings.assessment
            fronts = None
            if assessment is not None:
                allowance = findings.allowance
                halls = hall_settings(prepared, states, findings.threads, allowance.halls_are_late)
                fronts = make_fronts(
                    prepared,
                    assessment,
                    findings.shorten,
                    reporter,
                    halls=halls,
                    is_late=allowance.layers_are_late,
                    seconds=allowance.seconds_left(),
                )
            proofs = _prove(findings, fronts, reporter)
            if fronts is not None and proofs is not None:
                fronts = fronts.marked(proofs.refuted_compositions)
            findings.metrics = _write(findings, fronts, proofs)
    except StopNow:
        return False
    return True


def finish_in_haste(findings: Findings, signals: Signals) -> None:
    """Write what can be written in a moment, after a signal; the checkpoint has everything."""
    from srnet_cli.fit.fronts import assessment_of

    with signals.within(_HASTE_SECONDS):
        if findings.assessment is None:
            findings.assessment = assessment_of(findings.prepared, findings.states)
        _write(findings, None, in_haste=True)
        if findings.formulas is None and findings.prepared.network.widths[-1] <= _FEW:
            _add_formulas(findings)


def _add_formulas(findings: Findings) -> None:
    from srnet_cli.fit.formulas import network_formulas
    from srnet_cli.runs.formulas import write as write_formulas

    is_late = findings.allowance.formulas_are_late
    findings.formulas = network_formulas(findings.prepared, findings.states, is_late)
    if findings.formulas is not None:
        write_formulas(findings.folder, findings.formulas)


def _prove(findings: Findings, fronts: StoredFronts | None, reporter: Reporter) -> Proofs | None:
    """Prove what holds on the whole domain; a refuted formula is no answer from then on."""
    from srnet_cli.fit.proofs import prove_and_write
    from srnet_cli.runs.formulas import write as write_formulas
    from srnet_cli.runs.proofs_file import without_refuted

    folder, assessment, formulas = findings.folder, findings.assessment, findings.formulas
    if assessment is None:
        return None
    seconds = findings.allowance.seconds_left()
    proofs = prove_and_write(
        folder,
        findings.prepared,
        assessment,
        formulas=formulas,
        fronts=fronts,
        reporter=reporter,
        seconds=seconds,
    )
    if proofs is not None and formulas is not None and proofs.refuted:
        findings.formulas = without_refuted(formulas, proofs.refuted)
        write_formulas(folder, findings.formulas)
    return proofs


def _write(
    findings: Findings,
    fronts: StoredFronts | None,
    proofs: Proofs | None = None,
    *,
    in_haste: bool = False,
) -> Metrics:
    from srnet_cli.fit.results import write_results

    folder, prepared, states = findings.folder, findings.prepared, findings.states
    is_plain = in_haste or findings.assessment is None
    return write_results(
        folder,
        prepared,
        states,
        findings.assessment,
        fronts,
        shorten=None if is_plain else findings.shorten,
        in_haste=in_haste,
        is_over=findings.allowance.is_over,
        proofs=proofs,
    )
