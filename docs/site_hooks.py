"""What the site has beyond the pages in ``docs/``: pages of the root folder, the notebook, a list
of decisions. MkDocs calls these functions by name, see ``mkdocs.yml``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
OF_THE_ROOT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "SECURITY.md": "SECURITY.md",
}
"""Pages of the root folder, and what they are called on the site."""

# Diagrams need a script from elsewhere; this is the one that there is, drawn.
DIAGRAM = "![layers read layer by layer, and straight through](pictures/reading.svg)"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere, or are made of something else."""
    for name, target in OF_THE_ROOT.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, target, content=of_the_root(text)))
    notebook = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
    files.append(File.generated(config, "notebook.md", content=of_notebook(notebook)))
    decisions = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    files.append(File.generated(config, "decisions/index.md", content=list_of(decisions)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to pages of the root folder lead to the site's; diagrams are drawn."""
    markdown = re.sub(r"```mermaid\n.*?```", DIAGRAM, markdown, flags=re.S)
    for name, target in OF_THE_ROOT.items():
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(name)}", f"]({target}", markdown)
    markdown = markdown.replace("](notebook.ipynb)", "](notebook.md)")
    # A folder has no page of its own.
    return re.sub(r"\]\((decisions)/\)", r"](\1/index.md)", markdown)


def of_the_root(text: str) -> str:
    """A page of the root folder as one of the site: links are from ``docs/`` there."""
    return re.sub(r"\]\(docs/", "](", text).replace("](README.md", "](index.md")


def of_notebook(notebook: Any) -> str:
    """A notebook as Markdown: its words, its code, and what that printed."""
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for output in cell.get("outputs", ()):
            text = "".join(output.get("text") or output.get("data", {}).get("text/plain", ()))
            parts.append(f"```text\n{text.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def list_of(decisions: list[Path]) -> str:
    """A page that lists others by their titles."""
    titles = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in decisions}
    lines = [f"* [{title.removeprefix('# ')}]({name})" for name, title in titles.items()]
    return "\n".join(
        ["# Decisions", "", "Short records of what was hard to decide.", "", *lines, ""]
    )
