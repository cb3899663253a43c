"""Reading the chat otherwise than from the left, by eye and in motion: Arabic, a screen reader, reduced motion."""

import pytest
from playwright.sync_api import Browser, Page, expect

from app import db
from app.tables import Candidate
from tests.app.servers import Process
from tests.browser.crowdworker import join, say, wait_for_both
from tests.browser.waiting import comes_true

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

ARABIC = "كيف أعتني بالريحان في الشتاء؟"
# What a screen reader was given to say, in order: each text of the one live region that is there from the start.
LISTEN = """() => {
  window.said = []
  const region = document.querySelector('main [role=status]')
  new MutationObserver(() => region.textContent && window.said.push(region.textContent))
    .observe(region, {childList: true, characterData: true, subtree: true})
}"""
MOVING = """() => document.getAnimations()
  .filter(({playState}) => playState === 'running').map(({effect}) => effect.target.outerHTML)"""


def test_arabic_reads_from_the_right_beside_a_page_in_english(web: Process, page: Page) -> None:
    join(page)
    field = page.get_by_label("Your message")
    field.fill(ARABIC)
    assert direction(page, "textarea") == "rtl"
    say(page, ARABIC)
    wait_for_both(page)
    with db.writing() as session:
        for candidate in session.query(Candidate):
            candidate.text = f"{ARABIC}\n\n- {ARABIC}\n\n```\nwater(basil)\n```"
    page.reload()
    response = "article[data-shown=a]"
    expect(page.locator(f"{response} li")).to_have_text(ARABIC)
    assert direction(page, f"{response} li") == "rtl"
    assert direction(page, f"{response} pre") == "ltr"
    assert direction(page, f"{response} header") == "ltr"
    assert page.get_by_text(ARABIC, exact=True).first.evaluate("e => getComputedStyle(e).direction") == "rtl"


def direction(page: Page, selector: str) -> str:
    found: str = page.locator(selector).first.evaluate("element => getComputedStyle(element).direction")
    return found


def test_a_screen_reader_hears_the_beginning_and_the_end_of_the_writing_and_no_word_between(
    web: Process, page: Page
) -> None:
    join(page)
    expect(page.get_by_label("Your message")).to_be_visible()
    page.evaluate(LISTEN)
    say(page, "How do I keep basil alive?")
    wait_for_both(page)
    assert comes_true(page, "window.said.length >= 2")
    assert page.evaluate("window.said") == [
        "Two responses are being written…",
        "Both responses are complete. Choose with the keys 1 to 8.",
    ]
    responses = page.locator("article[data-shown]")
    assert responses.evaluate_all("all => all.every(one => !one.closest('[aria-live], [role=status], [role=log]'))")


def test_nothing_moves_for_whoever_asked_for_less_motion(web: Process, chromium: Browser) -> None:
    with chromium.new_context(base_url=web.url, reduced_motion="reduce") as context:
        page = context.new_page()
        join(page)
        say(page, "How do I keep basil alive?")
        expect(page.get_by_role("article", name="Response A")).to_have_attribute("aria-busy", "true")
        running = page.evaluate(MOVING)
        assert running == []
        wait_for_both(page)
