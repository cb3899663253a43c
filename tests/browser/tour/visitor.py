"""What the files here that take pictures have in common."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app import db
from app.tables import Account, Role
from tests.app.clients import signed_in
from tests.app.servers import Process
from tests.browser.crowdworker import BOX, SCALE, open_assignment
from tests.browser.small_png import small_png
from tests.factories import make_account

MARKS = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

ALBUM = Path(__file__).parents[3] / "docs" / "tour"

WINDOWS: dict[str, dict[str, Any]] = {
    "": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "korean": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": "ko-KR"},
}


class Visitor:
    """One person at one window, and the album their pictures go to."""

    def __init__(self, browser: Browser, web: Process, window: str) -> None:
        self.window, self.desk, self.web = window, window == "", web
        self.context: BrowserContext = browser.new_context(base_url=web.url, reduced_motion="reduce", **WINDOWS[window])
        self.context.set_default_timeout(60_000)
        self.darkroom: Page = self.context.new_page()
        self.page: Page = self.context.new_page()
        self.keys: dict[str, str] = {}

    def sign_in(self, account: Account, *, qualified: bool = True) -> None:
        if account.id not in self.keys:
            self.keys[account.id] = signed_in(account, qualified=qualified)["Cookie"]
        name, token = self.keys[account.id].split("=")
        self.context.clear_cookies()
        self.context.add_cookies([{"name": name, "value": token, "url": self.web.url}])

    def visit(self, path: str, name: str, *, everywhere: bool = False) -> None:
        """Looked at at every window, or, where one language is enough, at the desk alone."""
        if self.desk or everywhere:
            self.page.goto(path)
            expect(self.page.get_by_role("heading").first).to_be_visible()
            self.page.wait_for_load_state("networkidle")
            self.shoot(name)

    def look_down(self, figure: str, name: str, *, everywhere: bool = False) -> None:
        """Further down on the same page, with this figure at the top."""
        if self.desk or everywhere:
            self.page.get_by_role("figure", name=figure).evaluate("figure => figure.scrollIntoView()")
            self.shoot(name)

    def shoot(self, name: str) -> None:
        expect(self.page.locator("[class*=Loader-root]")).to_have_count(0)
        self.page.wait_for_timeout(400)  # what is fetched by what has been fetched, like the reader of Markdown
        ALBUM.mkdir(exist_ok=True)
        file = f"{name}-{self.window}.png" if self.window else f"{name}.png"
        self.page.mouse.move(0, 0)
        taken = self.page.screenshot(animations="disabled", caret="hide")
        (ALBUM / file).write_bytes(small_png(self.darkroom, taken))

    def take(self, task: str) -> str:
        assignment = open_assignment(self.page, task)
        self.page.wait_for_load_state("networkidle")
        return assignment

    def say(self, text: str) -> None:
        self.page.locator(BOX).fill(text)
        self.page.keyboard.press("Control+Enter")

    def wait_for_both(self) -> None:
        expect(self.page.locator(SCALE).first).to_be_visible()


def has_korean_letters() -> bool:
    """Where no font has them, each would be a box."""
    listed = subprocess.run(["fc-list", ":lang=ko"], capture_output=True, check=True)
    return bool(listed.stdout)


def new_account(role: Role = Role.CROWDWORKER, **fields: Any) -> Account:
    with db.writing() as session:
        return make_account(session, role, **fields)
