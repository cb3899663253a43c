"""What the documents promise about names is compared with the code."""

import re
from pathlib import Path

import pytest

from app.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_operators_table_is_the_settings() -> None:
    text = (ROOT / "docs/operators.md").read_text()
    table = text.partition("| setting | default | meaning |")[2].partition("\n\n")[0]
    rows = {
        name: (default, meaning)
        for name, default, meaning in re.findall(r"^\| `(\w+)` \| (?:`(.*?)` )?\| (.*) \|$", table, flags=re.MULTILINE)
    }
    assert rows == {
        name.upper(): (str(field.default).strip(), field.description) for name, field in Settings.model_fields.items()
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)?(?:#[\w-]+)?\)", document.read_text()):
        if target and not target.startswith("http"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_a_heading_find_it(document: Path) -> None:
    for target, heading in re.findall(r"\]\(([^)#\s]*)#([\w-]+)\)", document.read_text()):
        if target.startswith("http"):
            continue
        text = ((document.parent / target) if target else document).read_text()
        slugs = [
            re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
        ]
        assert heading in slugs, f"{target}#{heading}"
