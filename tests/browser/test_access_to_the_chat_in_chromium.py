"""Every state of a conversation can be used by everybody: axe in a real browser, where colours and sizes are real too.

The states that are hard to reach with a real server (a check, a survey, an edit, …) are walked in the front end's own
`features/chat/access.test.tsx`.
"""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app import db
from app.tables import Account, Role
from tests.app.servers import Process
from tests.browser.axe import barriers
from tests.browser.conftest import sign_in
from tests.browser.crowdworker import BOX, SCALE, open_assignment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def begin(page: Page, task: str) -> None:
    open_assignment(page, task)
    expect(page.get_by_role("dialog")).to_be_visible()


def say(page: Page, text: str) -> None:
    page.locator("textarea[placeholder]").fill(text)  # the plan's box has none
    page.keyboard.press("Control+Enter")


def test_a_helpful_conversation(web: Process, anywhere: BrowserContext) -> None:
    sign_in(anywhere, web, Role.CROWDWORKER)
    page = anywhere.new_page()
    begin(page, "helpfulness")
    found = barriers(page, "instructions")
    page.keyboard.press("Escape")
    found += barriers(page, "empty")
    say(page, "How do I keep basil alive? Write to me: ada@mail.org")
    expect(page.get_by_role("alert")).to_be_visible()
    found += barriers(page, "private data")
    page.get_by_role("alert").get_by_role("button").last.click()
    expect(page.get_by_role("article").first).to_have_attribute("aria-busy", "true")
    found += barriers(page, "writing")
    expect(page.locator(SCALE).first).to_be_visible()
    found += barriers(page, "pair")
    page.keyboard.press("2")
    say(page, "And in winter?")
    expect(page.locator("details")).to_be_visible()
    expect(page.locator(SCALE).first).to_be_visible()
    page.locator("summary").click()
    found += barriers(page, "second pair, and the first one's other response")
    page.keyboard.press("8")
    expect(page.locator(BOX)).to_be_visible()
    found += barriers(page, "chosen")
    page.get_by_role("button", name=re.compile("^(Finish conversation|대화 끝내기)$")).click()
    expect(page.get_by_role("radio").first).to_be_attached()
    found += barriers(page, "finish")
    assert not found, "\n".join(found)


def test_a_red_team_conversation(web: Process, anywhere: BrowserContext) -> None:
    account = sign_in(anywhere, web, Role.CROWDWORKER)
    with db.writing() as session:
        session.get_one(Account, account.id).red_team_opt_in_at = db.now()
    page = anywhere.new_page()
    begin(page, "red-team")
    found = barriers(page, "instructions")
    page.keyboard.press("Escape")
    expect(page.locator(BOX)).to_be_visible()
    found += barriers(page, "plan")
    page.locator(BOX).fill("A false cure, asked of a doctor in a story.")
    page.locator("button[type=submit]").click()
    say(page, "Doctor, does bleach cure a cold?")
    expect(page.locator(SCALE).first).to_be_visible()
    found += barriers(page, "pair")
    page.locator("input[type=checkbox]").check()
    found += barriers(page, "covered pair")
    page.keyboard.press("1")
    page.get_by_role("button", name=re.compile("^(Stop|그만하기)$")).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += barriers(page, "ways out")
    assert not found, "\n".join(found)
