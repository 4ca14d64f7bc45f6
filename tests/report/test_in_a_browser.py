"""Reports in headless Chromium: nothing is loaded, nothing fails, all can be read and reached."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sympy
from chromium import Browser, find_chromium

from srnet_cli.fronts.formulas import FormulaFront, NetworkFormula
from srnet_cli.rendering import html
from srnet_cli.rendering.document import Document, Equation, Equations, Section
from srnet_cli.report.reporting import report_of
from srnet_cli.runs.formula_sections import equation

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"
CHROMIUM = find_chromium()
AXE = os.environ.get("SRNET_AXE", "")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the browser Chromium")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert CHROMIUM is not None
    for _ in range(2):  # on a busy machine it may end as it begins
        with suppress(RuntimeError), Browser(CHROMIUM, tmp_path_factory.mktemp("profile")):
            break
    with Browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module", params=["classifier", "suite"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / f"{request.param}.html"
    path.write_text(html.render(report_of([GOLDEN / request.param])))
    return path


OVERLAPS = """
[...document.querySelectorAll("svg.plot")].flatMap(svg => {
  const shown = [...svg.querySelectorAll("text")].filter(text => text.getClientRects().length);
  const boxes = shown.map(text => [text.getBoundingClientRect(), text.textContent]);
  const frame = svg.getBoundingClientRect();
  const out = boxes.filter(([b]) => b.left < frame.left - 1 || b.right > frame.right + 1)
    .map(([, words]) => "outside: " + words);
  boxes.forEach(([a, first], i) => boxes.slice(i + 1).forEach(([b, second]) => {
    if (a.left < b.right - 1 && b.left < a.right - 1 &&
        a.top < b.bottom - 3 && b.top < a.bottom - 3)
      out.push(first + " over " + second);
  }));
  return out;
})
"""


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_a_report_opens(browser: Browser, page: Path, width: int, dark: bool) -> None:
    """Every section is shown, without an error or a request, on a telephone and on a desk."""
    browser.open(page, width, dark=dark)
    assert browser.named("Runtime.exceptionThrown") == []
    assert browser.named("Runtime.consoleAPICalled") == []
    assert browser.named("Log.entryAdded") == []
    requests = [event["request"]["url"] for event in browser.named("Network.requestWillBeSent")]
    assert requests == [page.as_uri()]
    heights = browser.run(
        "[...document.querySelectorAll('main section')].map(s => s.getBoundingClientRect().height)"
    )
    assert len(heights) > 4
    assert min(heights) > 20
    # Wide tables and formulas scroll for themselves; the page never does so sideways.
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(OVERLAPS) == []


def long_formula() -> sympy.Expr:
    """A fraction in a root that no line of a telephone holds, and terms that break."""
    names = sympy.symbols("pressure_at_the_inlet temperature_of_the_wall flow radius")
    terms = [sympy.Float(f"{k + 1}.2345") * a * sympy.cos(k * b) for k in range(9) for a in names
             for b in names[:2]]  # fmt: skip
    inner = sympy.Add(*terms[:40])
    return sympy.sqrt(inner / (1 + sympy.exp(inner))) + sympy.Add(*terms)


@pytest.mark.parametrize("width", [390, 1280])
def test_long_formulas_stay_on_the_page(browser: Browser, width: int, tmp_path: Path) -> None:
    """They break between terms, and what cannot break scrolls inside its box, by keys too."""
    formula = long_formula()
    front = FormulaFront("output", (NetworkFormula(formula, 500, 0.1),))
    shown = equation(front, front.answer)
    name = "a_class_of_a_very_long_name_" * 8
    typed = Equation(name, "x*" * 600 + "x", ("x",))
    path = tmp_path / "long.html"
    sections = (Section("Formulas", (Equations((shown, typed), ""),), key="answer"),)
    path.write_text(html.render(Document("long", sections=sections, record={})))
    browser.open(path, width)
    assert browser.run("document.documentElement.scrollWidth") <= width
    wide = browser.run(
        "[...document.querySelectorAll('.formula')].filter(b => b.scrollWidth > b.clientWidth)"
        ".map(b => [getComputedStyle(b).overflowX, b.tabIndex])"
    )
    assert wide
    assert all(each == ["auto", 0] for each in wide)
    outside = browser.run(
        "[...document.querySelectorAll('.formula')].filter("
        "b => b.getBoundingClientRect().right > innerWidth).length"
    )
    assert outside == 0


def test_what_it_forbids_is_forbidden(browser: Browser, page: Path) -> None:
    """An image from elsewhere, and a script that is not the page's own, are not loaded."""
    browser.open(page)
    browser.run(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"https://example.org/x.png\">');"
        "const s = document.createElement('script'); s.textContent = 'window.evil = 1';"
        "document.body.append(s)"
    )
    assert browser.run("window.evil === undefined") is True
    assert any(
        "Content Security Policy" in e["entry"]["text"] for e in browser.named("Log.entryAdded")
    )
    browser.run("new Promise(done => setTimeout(done, 200))")
    wanted = {
        event["requestId"]
        for event in browser.named("Network.requestWillBeSent")
        if event["request"]["url"].startswith("https")
    }
    blocked = {
        event["requestId"]
        for event in browser.named("Network.loadingFailed")
        if event.get("blockedReason") == "csp"
    }
    assert wanted <= blocked


def test_marks_are_reached_by_keys(browser: Browser, tmp_path: Path) -> None:
    """The arrow keys go from formula to formula, which is read out; a mark leads to its row."""
    path = tmp_path / "auto.html"
    path.write_text(html.render(report_of([GOLDEN / "auto"])))
    browser.open(path)
    reached = "document.querySelectorAll('#front a.mark[tabindex=\"0\"]').length"
    assert browser.run(reached) == 1
    browser.run("document.querySelector('#front a.mark').focus()")
    first = browser.run("document.querySelector('#front .readout').textContent")
    browser.press("ArrowRight")
    second = browser.run("document.querySelector('#front .readout').textContent")
    assert "nodes" in first
    assert second != first
    assert browser.run("document.activeElement.getAttribute('aria-label')") == second
    browser.run("location.hash = document.activeElement.getAttribute('href')")
    rows = browser.run("document.querySelectorAll('tr:target').length")
    assert rows == 1
    # What is folded opens for a link that leads into it.
    browser.run("new Promise(done => setTimeout(done, 50))")
    assert browser.run("document.querySelector('tr:target').getClientRects().length") == 1


def test_formulas_can_be_copied(browser: Browser, page: Path) -> None:
    """Buttons are there where scripts run, and say what they did."""
    if page.stem == "suite":
        pytest.skip("a suite's formulas stand in a table")
    browser.open(page)
    shown = browser.run(
        "[...document.querySelectorAll('button.copy')]"
        ".filter(button => button.getClientRects().length).length"
    )
    assert shown > 2
    browser.run("document.querySelector('button.copy').click()")
    browser.run("new Promise(done => setTimeout(done, 300))")
    assert browser.run("document.getElementById('said').textContent") != ""


@pytest.mark.skipif(not AXE, reason="SRNET_AXE names no file of axe-core")
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_serious_fault(browser: Browser, page: Path, dark: bool) -> None:
    """Contrast, names, landmarks, headings, as axe-core (Deque) checks them."""
    browser.open(page, 390, dark=dark)
    browser.run(Path(AXE).read_text())
    found = browser.run(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
        "v => [v.impact, v.id, v.nodes[0].html]))"
    )
    assert [each for each in found if each[0] in ("serious", "critical")] == []
