"""Pages of HTML read by the standard library's parser, which shares no code with the renderer."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "link", "br", "img", "input", "hr", "base"}
LOADING = ("src", "srcset", "action", "data", "poster", "background", "xlink:href", "style")
"""Attributes that make a browser load something, or that would need style of their own."""


@dataclass
class Element:
    """One element with what it holds, in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words within, as a reader sees them."""
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def all(self, *tags: str) -> list[Element]:
        """The elements within of these names, in order; of any name where none is given."""
        inner = [child for child in self.children if isinstance(child, Element)]
        own = [self] if not tags or self.tag in tags else []
        return own + [each for child in inner for each in child.all(*tags)]

    def by_id(self, key: str) -> Element:
        """The element of an id."""
        (element,) = [each for each in self.all() if each.attributes.get("id") == key]
        return element


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(text: str) -> Element:
    """A page as its elements; every element must be closed where it was opened."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def check_page(page: Element) -> None:
    """What every page must hold: it loads nothing, ids are unique, links within lead somewhere,
    headings go down by one, and every picture and button has a name."""
    ids = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(set(ids)) == len(ids), sorted(key for key in ids if ids.count(key) > 1)
    assert not page.all("link", "img", "iframe", "object", "embed", "form", "base", "use")
    for element in page.all():
        assert not set(element.attributes) & set(LOADING), element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
        target = element.attributes.get("href", "#main")
        assert target.startswith("#")
        assert target[1:] in ids, target
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.attributes.get(name, "main").split()) <= set(ids)
    levels = [int(each.tag[1]) for each in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    for picture in page.all("svg"):
        is_named = "aria-labelledby" in picture.attributes
        assert is_named or picture.attributes.get("aria-hidden") == "true"
    for button in page.all("button"):
        assert button.attributes.get("aria-label") or button.text.strip()
    assert len(page.all("main")) == 1
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
