"""Who takes pictures of an installation that runs, and looks whether each page is as it should be."""

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, TimeoutError, expect

from tests.browser.axe import scrolls_sideways
from tests.browser.small_png import small_png

PATIENCE = 30_000  # ms, for a page to be there
NO_NUMBER = re.compile(r"\b(NaN|undefined|Infinity)\b")
BROKEN = {"There is nothing at this address.", "This page has stopped working. Nothing you have sent is lost."}
LOADING = "main [class*=Loader-root], main [class*=Skeleton-root]"


class Photographer:
    """A researcher's window, the album, and what was wrong on the way."""

    def __init__(self, context: BrowserContext, album: Path) -> None:
        self.darkroom, self.page, self.album = context.new_page(), context.new_page(), album
        self.taken: list[str] = []
        self.wrong: list[str] = []
        self.heard: list[str] = []
        self.page.on("pageerror", lambda error: self.heard.append(error.message))
        self.page.on("console", lambda said: self.heard.append(said.text) if said.type == "error" else None)

    def visit(self, path: str, name: str) -> None:
        """The whole page, as long as it is."""
        self.page.goto(path)
        self.shoot(name)

    def shoot(self, name: str, part: Locator | None = None) -> None:
        """The page, or a part of it, when nothing in it is being loaded any more."""
        with contextlib.suppress(TimeoutError):  # a page that follows a run never stops asking
            self.page.wait_for_load_state("networkidle", timeout=10_000)
        with contextlib.suppress(TimeoutError, AssertionError):  # it is told below
            self.page.locator("main h1").first.wait_for()
            expect(self.page.locator(LOADING)).to_have_count(0, timeout=PATIENCE)
        self.page.wait_for_timeout(400)  # a chart draws itself after its library came
        self.page.mouse.move(0, 0)
        if part is None:
            self.page.evaluate("scrollTo(0, 0)")  # what sticks to the window's top is then at the page's
        image = {"animations": "disabled", "caret": "hide"}
        taken = part.screenshot(**image) if part else self.page.screenshot(full_page=True, **image)  # type: ignore[arg-type]
        self.album.mkdir(parents=True, exist_ok=True)
        (self.album / f"{name}.png").write_bytes(small_png(self.darkroom, taken))
        self.taken.append(name)
        self.wrong += [f"{name} ({self.page.url}): {what}" for what in [*self.heard, *complaints(self.page)]]
        self.heard.clear()

    def may_show(self, name: str, words: Iterable[str], written: Collection[str]) -> bool:
        """Whether all of these were written to be shown; else the page is left out, and named."""
        others = sum(text not in written for text in words)
        if others:
            self.wrong.append(f"{name}: left out, for {others} of its texts were not written to be shown")
        return not others


def complaints(page: Page) -> Iterator[str]:
    """What of a page is not as it should be, as far as it shows."""
    for said in page.locator("[data-tone=error]").all_inner_texts():
        yield f"it says “{said.strip()}”"
    text = page.locator("body").inner_text()
    yield from (f"it says “{said}”" for said in BROKEN if said in text)
    yield from (f"a number is {said}" for said in sorted(set(NO_NUMBER.findall(text))))
    if page.locator("main h1").count() == 0:
        yield "it has no heading"
    if page.locator(LOADING).count():
        yield "something is still loading"
    if scrolls_sideways(page):
        yield "it scrolls sideways"
