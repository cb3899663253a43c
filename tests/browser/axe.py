"""What keeps people out of a page, as far as a program can tell: axe-core, the front end's development dependency."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.waiting import comes_true

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
ALL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES_OF_THE_LOOK = ["color-contrast", "target-size", "scrollable-region-focusable"]
VIOLATIONS = """async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ['violations']})).violations
  .map(({id, nodes}) => `${id}: ${nodes.map((node) => node.target).join(', ')}`)"""


class Look(NamedTuple):
    size: ViewportSize
    scheme: Literal["light", "dark"]


DESK, PHONE = ViewportSize(width=1280, height=860), ViewportSize(width=390, height=844)


def barriers(page: Page, where: str, rules: list[str] = ALL_RULES) -> list[str]:
    """Violations of WCAG 2.2 AA and of good practice, and whether one has to scroll sideways; none is right."""
    if not AXE.is_file():
        pytest.skip("The front end's packages are not installed: cd frontend && npm ci.")
    found = []
    if scrolls_sideways(page):
        found.append(f"{where} scrolls sideways")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    return found + [f"{where} {violation}" for violation in page.evaluate(VIOLATIONS, rules)]


def scrolls_sideways(page: Page) -> bool:
    """Whether it still does so when it had time to lay itself out: charts measure their room after a change of size."""
    return not comes_true(page, "document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def barriers_in(looks: Sequence[Look], page: Page, where: str) -> list[str]:
    """As `barriers` in the first look; in the others again what depends on the look."""
    found = []
    for look in looks:
        page.set_viewport_size(look.size)
        page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")  # no colour half-way to the next
        rules = ALL_RULES if look == looks[0] else RULES_OF_THE_LOOK
        found += barriers(page, f"{where} ({look.scheme}, {look.size['width']} px)", rules)
    return found
