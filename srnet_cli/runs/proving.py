"""``srnet prove``: what holds of a run's formulas on the whole domain, proved."""

from __future__ import annotations

import io
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.jit import CACHE_FOLDER, is_compiled
from srnet_cli.config.network import Decision
from srnet_cli.config.schema import DatasetSettings
from srnet_cli.datasets.dataset import Domain
from srnet_cli.errors import UsageError
from srnet_cli.executor.processors import processors
from srnet_cli.expressions.names import Names
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.fronts.front import Fronts
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import TrainedNetwork
from srnet_cli.proofs.certificate import Arrays
from srnet_cli.proofs.enclosures import warm_up
from srnet_cli.proofs.proof import Place, Proof
from srnet_cli.proofs.proving import SAMPLED, Prover
from srnet_cli.proofs.subdivision import Box, Budget
from srnet_cli.reporting import Silent, StepReporter
from srnet_cli.rng import stream
from srnet_cli.runs import files
from srnet_cli.runs.expressions_file import FIDELITY, shown_anew
from srnet_cli.runs.formulas import contents_of
from srnet_cli.runs.outputs import direct_names, score_names, target_names
from srnet_cli.runs.proofs_file import (
    AS_FOUND,
    DIRECT,
    DomainEntry,
    ProofEntry,
    Proofs,
    entry_of,
    sentences,
    without_refuted,
)
from srnet_cli.runs.records import Inputs
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import RunFolder, encode_json, find_run, runs_root

Array = NDArray[np.float64]

SECONDS = 60.0
"""What ``srnet prove`` takes unless it is told otherwise."""

MOST_CUTS = 2_000_000
"""Certificates of more cuts are not kept: the file would be large, and the same is proved anew."""

KERNEL = "slopes.slopes_of_some"
"""What takes longest to compile."""

WORK = 2e9
"""Operations that each question of a fit may take: a second or so."""

_ON_FRONTS = 0.15


@dataclass(frozen=True)
class Proved:
    """What was proved of a run.

    Attributes:
        run: its folder.
        proofs: the record.
        is_kept: whether it is in the folder.
    """

    run: str
    proofs: Proofs
    is_kept: bool


@dataclass(frozen=True)
class Subject:
    """What things are proved of.

    Attributes:
        inputs: names of features, target and classes.
        network: the network.
        formulas: whole-network formulas; None where there are none.
        model: the composition as the search found it; None where there is none beside the formulas.
        fronts: simpler forms of it; None where there are none.
        dataset: settings of the rows.
        train: raw training rows, (n, d).
        seed: of the points that are looked at besides.
        decision: which output decides, where the outputs of a regression are scores.
    """

    inputs: Inputs
    network: TrainedNetwork
    formulas: NetworkFormulas | None
    model: SymbolicNetwork | None
    dataset: DatasetSettings
    train: Array
    seed: int = 0
    decision: Decision | None = None
    fronts: Fronts | None = None


def run(
    reference: str | None = None,
    *,
    max_seconds: float = SECONDS,
    reporter: StepReporter | None = None,
) -> Proved:
    """Prove what can be proved of a run's formulas in a time, and keep it in the run's folder.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        max_seconds: time to take; without a proof by then, what is left is open.
        reporter: is told what is being asked.

    Raises:
        UsageError: no such run, or no time.
        DataError: the domain is empty or not bounded.
        StorageError, ModelError: the run is damaged, or cannot be written to.
    """
    if not (max_seconds > 0.0 and math.isfinite(max_seconds)):
        given = {"max_seconds": f"{max_seconds:g}"}
        raise UsageError("give a number of seconds above 0", options=given)
    watcher = reporter or Silent()
    path = find_run(runs_root(), reference)
    fitted = read_run(path)
    proofs, certificates = _asked(fitted, max_seconds, watcher)
    is_kept = fitted.is_done and os.access(path, os.W_OK)
    if is_kept:
        with RunFolder.claim(path) as folder:
            _keep(folder, fitted, proofs, certificates)
    else:
        state = "read-only" if fitted.is_done else "not finished"
        watcher.notice(f"{path}: {state}, so the proofs are printed but not kept")
    return Proved(str(path), proofs, is_kept)


def _keep(folder: RunFolder, fitted: FittedRun, proofs: Proofs, certificates: bytes) -> None:
    """Add proofs and certificates, and say in the files of formulas what is proved of them."""
    contents = {files.PROOFS: encode_json(proofs.to_dict()), files.CERTIFICATES: certificates}
    expressions = folder.read_json(files.EXPRESSIONS)
    if fitted.fronts is not None:
        fronts = fitted.fronts.fronts.marked(proofs.refuted_compositions)
        expressions = shown_anew(expressions, fronts)
    contents[files.EXPRESSIONS] = encode_json({**expressions, "proved": proofs.words()})
    if fitted.formulas is not None:
        contents |= contents_of(without_refuted(fitted.formulas, proofs.refuted))
    folder.amend(contents)


def announce(notice: Callable[[str], None]) -> None:
    """Say so where the kernels have to be compiled first, and do it."""
    if CACHE_FOLDER is not None and not is_compiled(KERNEL):
        notice("compiling, once for all runs; this may take a minute")
    warm_up()


def _asked(fitted: FittedRun, max_seconds: float, watcher: StepReporter) -> tuple[Proofs, bytes]:
    announce(watcher.notice)
    started = time.monotonic()

    def tell(text: str) -> None:
        spent = min(int(time.monotonic() - started), math.ceil(max_seconds))
        watcher.step(spent, math.ceil(max_seconds), f"seconds, {text}")

    return prove(subject_of(fitted), max_seconds, tell)


def subject_of(fitted: FittedRun) -> Subject:
    """What can be proved of a run that has been read: of the formulas that ``explain`` shows."""
    assert fitted.dataset is not None
    return Subject(
        inputs=fitted.inputs,
        network=fitted.network,
        formulas=fitted.formulas,
        model=layered(fitted.model, fitted.network, fitted.formulas is not None),
        fronts=None if fitted.fronts is None else fitted.fronts.fronts,
        dataset=fitted.dataset,
        train=fitted.sets["train"],
        decision=fitted.decision,
    )


def layered(
    model: SymbolicNetwork, network: TrainedNetwork, has_formulas: bool
) -> SymbolicNetwork | None:
    """The composition; None where it is no more than the formulas."""
    is_direct_alone = model.depth < len(network.widths) - 1
    return None if is_direct_alone and has_formulas else model


def prove(
    subject: Subject,
    max_seconds: float | None,
    tell: Callable[[str], None] = lambda text: None,
    *,
    max_boxes: int | None = None,
    work: float | None = None,
    sampled: int = SAMPLED,
) -> tuple[Proofs, bytes]:
    """Prove what can be proved of formulas beside their network.

    Args:
        subject: of what.
        max_seconds: time to take; None: any.
        tell: is told what is being asked.
        max_boxes: boxes that each question may take; None: any. With it, and without a time, the
            result depends on nothing else.
        work: operations that each question may take, which makes boxes of long formulas and large
            networks fewer; None: any.
        sampled: points to look for the largest error at.

    Returns:
        The record, and the certificates as an ``.npz`` file.

    Raises:
        DataError: the domain is empty or not bounded.
    """
    place = place_of(subject)
    place.box.check()
    positions = stream(subject.seed, "proofs").random((sampled, len(place.box.low)))
    rows = Domain(*place.box).at(positions)
    prover = Prover(place, rows, processors(), tell, work, subject.decision)
    budget = Budget(max_seconds, max_boxes)
    symbols = Names(tuple(subject.inputs.features)).symbols
    inputs = [symbols[i].name for i in _firsts(place.sources)]
    refuted: dict[str, tuple[str, ...]] = {}
    compositions: tuple[int, ...] = ()
    found, entries = list[Proof](), list[ProofEntry]()
    if subject.formulas is not None:
        share = budget.share(0.65 if subject.model is not None else 1.0)
        share = replace(share, boxes=max_boxes)
        proof, texts, refuted = _of_formulas(prover, subject, subject.formulas, share)
        found.append(proof)
        entries.append(entry_of(proof, texts, inputs))
    if subject.model is not None:
        proofs_of_layers, compositions = _of_layers(prover, subject, subject.model, budget)
        found += proofs_of_layers
        entries += [entry_of(proof, (), inputs) for proof in proofs_of_layers]
    low, high = (dict(zip(inputs, end.tolist(), strict=True)) for end in place.box)
    domain = DomainEntry(place.words, low, high)
    with_words = tuple(replace(entry, words=tuple(sentences(entry, domain))) for entry in entries)
    proofs = Proofs(
        domain=domain,
        seconds=max_seconds or 0.0,
        refuted=refuted,
        proofs=with_words,
        boxes=max_boxes or 0,
        refuted_compositions=compositions,
    )
    return proofs, _certificates(found)


def _of_formulas(
    prover: Prover, subject: Subject, formulas: NetworkFormulas, budget: Budget
) -> tuple[Proof, list[str], dict[str, tuple[str, ...]]]:
    """Prove of the whole-network formulas that answer; those that are refuted make way for others.

    Returns:
        the proof, the formulas that it is of, and by output those that are refuted.
    """
    symbols = formulas.names.symbols
    names = direct_names(subject.inputs, subject.network)
    prover.tell("formulas: which of them are defined")
    share = replace(budget.share(_ON_FRONTS), boxes=budget.boxes)
    refuted = _refuted(prover, formulas, share)
    while True:
        fronts = without_refuted(formulas, refuted).fronts
        answers = [front.answer for front in fronts]
        expressions = [answer.expression for answer in answers]
        rest = replace(budget.share(1.0), boxes=budget.boxes)
        proof = prover.formulas(DIRECT, names, expressions, symbols, subject.network, rest)
        more = dict(refuted)
        if _is_refuted(proof):
            # It took more parts than each formula of the fronts has been given.
            for front, answer in zip(fronts, answers, strict=True):
                part = replace(budget.share(0.5), boxes=budget.boxes)
                defined = prover.defined(answer.expression, symbols, part, is_answer=True)
                if not answer.is_refuted and defined and defined.verdict == "refuted":
                    more[front.output] = (*refuted.get(front.output, ()), answer.text)
        if more == refuted:
            return proof, [answer.text for answer in answers], refuted
        refuted = more


def _of_layers(
    prover: Prover, subject: Subject, model: SymbolicNetwork, budget: Budget
) -> tuple[list[Proof], tuple[int, ...]]:
    """Prove of the composition that is shown; one that is refuted makes way for another.

    Returns:
        the proofs, of the composition first, then of its hidden layers, then where the layers as
        the search found them are defined, if those are others; and the numbers of the compositions
        that are refuted, from 1.
    """
    network, fronts = subject.network, subject.fronts
    has_classes = network.output_activation == "softmax"
    names = (score_names if has_classes else target_names)(subject.inputs, network)
    if fronts is None:
        return list(prover.composition(model, names, network, budget.share(1.0))), ()
    prover.tell("composition: which of them are defined")
    refuted = set(_refuted_compositions(prover, fronts, model, budget))
    while True:
        marked = fronts.marked(refuted)
        shown = marked.simplest(FIDELITY)
        steps = prover.composition(shown.model(model), names, network, budget.share(0.9))
        proofs = [next(steps)]
        if shown.is_refuted or not _is_refuted(proofs[0]):
            break
        refuted |= {n for n, each in enumerate(marked.compositions, 1) if each is shown}
    proofs += steps
    proofs.append(prover.definedness(AS_FOUND, model, names, budget.share(1.0)))
    return proofs, tuple(sorted(refuted))


def _is_refuted(proof: Proof) -> bool:
    return proof.defined is not None and proof.defined.verdict == "refuted"


def _refuted_compositions(
    prover: Prover, fronts: Fronts, model: SymbolicNetwork, budget: Budget
) -> Iterator[int]:
    """The compositions, by number, that have no value somewhere, as far as a few parts tell."""
    count = len(fronts.compositions)
    budget = replace(budget.share(_ON_FRONTS), boxes=budget.boxes)
    few = replace(prover, work=None if prover.work is None else prover.work / count)
    for number, composition in enumerate(fronts.compositions, 1):
        share = replace(budget.share(2.0 / max(2, count - number + 1)), boxes=budget.boxes)
        if _is_refuted(few.definedness("", composition.model(model), (), share, is_answer=False)):
            yield number


def place_of(subject: Subject) -> Place:
    """The domain that is declared, or else the box of the training rows."""
    features = tuple(subject.inputs.features)
    declared = subject.dataset.domain
    everything = tuple(range(len(features)))
    if declared is None:
        rows = subject.train
        box = Box(rows.min(axis=0), rows.max(axis=0))
        words = "box of the training rows, as no domain is declared"
        if subject.inputs.categories:
            words += ", with categories anywhere between 0 and 1"
        return Place(box, everything, words)
    domain = Domain.from_box(declared, features)
    is_even = bool((domain.low == domain.low[0]).all() and (domain.high == domain.high[0]).all())
    if subject.dataset.sampling == "diagonal" and is_even:
        box = Box(domain.low[:1], domain.high[:1])
        return Place(box, (0,) * len(features), "whole domain, where all inputs are equal")
    return Place(Box(domain.low, domain.high), everything, "whole domain")


def _firsts(sources: Sequence[int]) -> list[int]:
    """For every input of the box, the first of the network's inputs that is it."""
    return [sources.index(place) for place in range(max(sources) + 1)]


def _refuted(
    prover: Prover, formulas: NetworkFormulas, budget: Budget
) -> dict[str, tuple[str, ...]]:
    """By output, the formulas of its front that have no value somewhere."""
    refuted: dict[str, tuple[str, ...]] = {}
    symbols = formulas.names.symbols
    count = sum(len(front.members) for front in formulas.fronts)
    done = 0
    for front in formulas.fronts:
        bad = []
        for member in front.members:
            share = replace(budget.share(2.0 / max(2, count - done)), boxes=budget.boxes)
            defined = prover.defined(member.expression, symbols, share)
            if defined is not None and defined.verdict == "refuted":
                bad.append(member.text)
            done += 1
        if bad:
            refuted[front.output] = tuple(bad)
    return refuted


def _certificates(proofs: Sequence[Proof]) -> bytes:
    arrays: Arrays = {}
    for proof in proofs:
        for claim, certificate in proof.certificates.items():
            if len(certificate.partition.cuts[0]) <= MOST_CUTS:
                arrays |= certificate.arrays(f"{proof.name}/{claim}")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
