"""What is proved of the formulas before a fit is committed, within a number of boxes."""

from __future__ import annotations

from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.errors import DataError
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fit.inputs import inputs_of
from srnet_cli.fit.preparation import Prepared
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.reporting import Reporter
from srnet_cli.runs import files
from srnet_cli.runs.fronts import StoredFronts
from srnet_cli.runs.proofs_file import Proofs
from srnet_cli.runs.proving import WORK, Subject, announce, layered, prove
from srnet_cli.store import RunFolder

_SAMPLED, _MULTIPLICATIONS = 10_000, 5e9
"""Points of the domain that are looked at besides, at most, and what the network does there."""

_LEAST_SECONDS = 0.5
_PACE, _WEIGHTS_PACE = 100.0, 5000.0
"""Operations of layers, and weights of the network, for which a second is enough."""


def prove_and_write(
    folder: RunFolder,
    prepared: Prepared,
    assessment: Assessment,
    formulas: NetworkFormulas | None,
    fronts: StoredFronts | None,
    reporter: Reporter,
    seconds: float | None = None,
) -> Proofs | None:
    """Prove what the settings ask for and write ``proofs.json`` and ``proofs.npz``.

    Args:
        folder: the run's.
        prepared: what was searched for.
        assessment: the best that was found.
        formulas: whole-network formulas; None where there are none.
        fronts: simpler forms of the composition; None where there are none.
        reporter: is told what happens.
        seconds: that there are; None: time is not limited.

    Returns:
        What is proved; None where nobody asked, or the domain is not bounded.
    """
    settings = prepared.experiment.proof
    if not settings.max_boxes or JIT_DISABLED:  # without compilation it would take hours
        return None
    model = layered(assessment.model, prepared.network, formulas is not None)
    is_large = seconds is not None and (
        assessment.model.operations > _PACE * seconds
        or prepared.network.parameters > _WEIGHTS_PACE * seconds
    )
    if model is not None and is_large:
        reporter.notice("no time is left to prove anything of the layers: 'srnet prove' does")
        model = None
        if formulas is None:
            return None
    subject = Subject(
        inputs=inputs_of(prepared),
        network=prepared.network,
        # As they will be read.
        formulas=None if formulas is None else NetworkFormulas.from_dict(formulas.to_dict()),
        model=model,
        fronts=None if fronts is None else fronts.fronts,
        dataset=prepared.experiment.dataset,
        train=prepared.sets["train"],
        decision=prepared.experiment.network.decision,
    )
    limits = [limit for limit in (settings.max_seconds or None, seconds) if limit is not None]
    announce(reporter.notice)
    reporter.notice("proving what holds on the whole domain")
    try:
        proofs, certificates = prove(
            subject,
            max(_LEAST_SECONDS, min(limits)) if limits else None,
            max_boxes=settings.max_boxes,
            work=WORK,
            sampled=min(_SAMPLED, int(_MULTIPLICATIONS / max(prepared.network.parameters, 1))),
        )
    except DataError as error:
        reporter.notice(f"nothing is proved: {error}")
        return None
    proofs.write(folder)
    folder.write(files.CERTIFICATES, certificates)
    return proofs
