"""Pages, read back by a parser that shares no code with the renderer."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_documents import ODD_NAMES, odd_document
from pages import check_page, read_page

from srnet_cli.rendering.chart import Axis, Chart, Mark, Panel, Series, Span
from srnet_cli.rendering.diagram import Diagram, Edge, Layer, Node
from srnet_cli.rendering.diagram_svg import diagram_svg
from srnet_cli.rendering.document import (
    Document,
    Equation,
    Equations,
    Folded,
    Highlight,
    Highlights,
    Paragraph,
    Section,
    Verbatim,
)
from srnet_cli.rendering.html import render
from srnet_cli.rendering.plain import plain
from srnet_cli.rendering.table import code, table

HOSTILE = (
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></math></svg><b>",
    "<!-- ]]> &lt;",
    "javascript:alert(1)",
    "{{7*7}} ${x}",
    "a\x00b\u202egnp.exe",
)


def hostile_document(name: str) -> Document:
    """The name in every place of every block, those of plots and drawings too."""
    axis = Axis(name, names=(name, "other"))
    series = Series(name, (0.0, 1.0), (0.0, 1.0), "points", marks=(Mark(name, "row-1"),) * 2)
    bars = Series("bars", (1.0, 2.0), (0.0, 1.0), "bars")
    chart = Chart(
        "chart", name, name,
        (Panel(Axis(name), axis, (series, bars), title=name, spans=(Span(name, 0, 1),)),),
    )  # fmt: skip
    nodes = (Node(name, name, 0.5),)
    layers = (
        Layer(name, (name,), nodes),
        Layer(name, (name,), nodes, 3, (Edge(0, 0, 1.0, is_negative=True),), "row-1"),
    )
    rows = table([name, "b"], [[name, code(name)]])
    blocks = (
        chart,
        Diagram("drawing", name, name, layers),
        Highlights((Highlight(name, name, name),)),
        Folded(name, (Paragraph(name), Verbatim(f"{name}\n  {name}"))),
        Equations((Equation(name, name, (name,), name),), name),
        replace(rows, key="row"),
    )
    return Document(name, (name,), (Section(name, blocks, key="one"), Section(name, depth=1)))


@pytest.mark.parametrize("name", [*HOSTILE, *ODD_NAMES])
def test_every_name_is_read_as_it_is(name: str) -> None:
    """Whatever its characters mean in HTML, SVG or a script: the page has the same elements as that
    of a harmless name, and no attribute more."""
    page, harmless = (read_page(render(hostile_document(each))) for each in (name, "name"))
    check_page(page)
    shapes = [
        [(each.tag, sorted(each.attributes)) for each in read.all() if each.tag != "title"]
        for read in (page, harmless)
    ]
    assert shapes[0] == shapes[1]
    seen = plain(name)
    assert page.all("h1")[0].text == seen
    assert page.all("h2")[0].text == seen
    assert page.all("th")[0].text == seen
    assert [each.text for each in page.all("figcaption")] == [seen, seen]
    (copied,) = [each for each in page.all("button") if each.text == "Copy"]
    lines = copied.attributes["data-copy"].split("\n")
    assert lines[-1].strip() == plain(f"  {name}".splitlines()[-1]).strip()
    marks = [each for each in page.all("a") if each.attributes.get("class", "").startswith("mark")]
    assert [each.attributes["aria-label"] for each in marks] == [seen, seen]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_any_text_survives(name: str) -> None:
    """As a heading and as a paragraph."""
    page = read_page(render(Document("t", sections=(Section("x" + name, (Paragraph(name),)),))))
    assert page.all("h2")[0].text == "x" + plain(name)
    assert page.all("main")[0].all("p")[0].text == plain(name)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_documents_of_other_formats_are_pages_too(name: str) -> None:
    """What a command prints elsewhere: headings, equations, tables with intervals."""
    page = read_page(render(odd_document(name)))
    check_page(page)
    assert "[1e-09, 2e+10]" in page.all("table")[0].text


def test_the_policy_lets_only_the_pages_own_style_and_script_run() -> None:
    """Their hashes are those of what stands in the page; nothing else is allowed."""
    text = render(odd_document("x"))
    page = read_page(text)
    (policy,) = [
        each.attributes["content"]
        for each in page.all("meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (own,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert "http:" not in text
    assert "https:" not in text


def test_mathml_stands_in_the_page() -> None:
    """A formula with MathML is shown as such, part by part, with what to copy beside it."""
    equation = Equation("y", "x**2 + 1", ("x^2", "+ 1"), "y", ("<mi>y</mi>", "<mi>x</mi>"), "x**2")
    page = read_page(render(Document("t", sections=(Section("", (Equations((equation,)),)),))))
    assert [each.text for each in page.all("math")] == ["y", "x"]
    copied = [each.attributes["data-copy"] for each in page.all("button")]
    assert copied == ["y = x^2 + 1", "y = x**2"]


def test_sections_nest() -> None:
    """A subsection ends with the section that it is in; those without heading stay in theirs."""
    sections = (
        Section("a", key="a"),
        Section("a1", depth=1),
        Section("", (Paragraph("of a1"),)),
        Section("b", key="b"),
    )
    page = read_page(render(Document("t", sections=sections)))
    assert [each.text for each in page.by_id("a").all("h2", "h3", "p")] == ["a", "a1", "of a1"]
    assert [each.text for each in page.by_id("b").all("h2", "h3", "p")] == ["b"]
    assert [each.text for each in page.all("nav")[0].all("a")] == ["a", "b"]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("measurement_01", "measurement_02"), ("…nt_01", "…nt_02")),
        (("leaf length", "height"), ("leaf …", "height")),
        (("leaf length (cm)", "leaf width (cm)"), ("leaf …", "leaf …")),
    ],
)
def test_nodes_show_what_tells_them_apart(names: tuple[str, ...], shown: tuple[str, ...]) -> None:
    """How a name begins, or how it ends where only that differs; in full as a title."""
    layer = Layer("inputs", (), tuple(Node(name) for name in names))
    drawn = diagram_svg(Diagram("network", "a network", "one layer", (layer,)))
    for name, label in zip(names, shown, strict=True):
        assert f"<title>{name}</title>" in drawn
        assert f">{label}</text></g>" in drawn
