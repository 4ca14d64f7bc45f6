"""What ``srnet prove`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from srnet_cli.rendering.document import Document, Paragraph, Remarks, Section
from srnet_cli.runs import files
from srnet_cli.runs.proofs_file import (
    AS_FOUND,
    COMPOSITION,
    DIRECT,
    DomainEntry,
    Proofs,
    sentences,
)
from srnet_cli.runs.proving import Proved


def document(proved: Proved) -> Document:
    """What is proved, in words."""
    proofs = proved.proofs
    lead = ["on the " + proofs.domain.source + ": " + _spelled(proofs.domain)]
    if proved.is_kept:
        lead.append(f"certificates: {files.CERTIFICATES} in the run's folder")
    return Document(
        title=proved.run,
        lead=tuple(lead),
        sections=tuple(_sections(proofs)),
        record=asdict(proofs),
    )


def _spelled(domain: DomainEntry) -> str:
    shown = list(domain.low)[:8]
    parts = [f"{name} in [{domain.low[name]:g}, {domain.high[name]:g}]" for name in shown]
    return ", ".join(parts) + (" …" if len(shown) < len(domain.low) else "")


def _sections(proofs: Proofs) -> Iterator[Section]:
    titles = {
        DIRECT: "formulas of the network",
        COMPOSITION: "layer by layer",
        AS_FOUND: "layer by layer, as the search found it",
    }
    for proof in proofs.proofs:
        heading = titles.get(proof.name, f"layer by layer, as far as {proof.name}")
        lines = tuple(sentences(proof, proofs.domain))
        shown = tuple(
            Paragraph(f"{output} = {text}")
            for output, text in zip(proof.outputs, proof.formulas, strict=False)
        )
        yield Section(heading, (*shown, Remarks(lines)))
    left_out = tuple(_left_out(proofs))
    if left_out:
        yield Section("", (Remarks(left_out),))


def _left_out(proofs: Proofs) -> Iterator[str]:
    counts = {f"formulas of the front of {name}": len(f) for name, f in proofs.refuted.items()}
    counts["compositions of the front"] = len(proofs.refuted_compositions)
    for what, count in counts.items():
        if count:
            yield (
                f"undefined somewhere: {count} of the {what}; no answer unless there is no other"
            )
