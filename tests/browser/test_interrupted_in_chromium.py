"""What interrupts a conversation, in Chromium: a reload, a second tab, a second device. Nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from app import db
from app.tables import CandidateStatus, Comparison, Conversation, Turn
from inference.scripted import Script
from inference.wire import ChatRequest, Generation, Piece
from tests.app.servers import Process
from tests.browser.conftest import Errors, Recording
from tests.browser.crowdworker import SIGNED_OUT_AT_FIRST, join, say, wait_for_both

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

REFUSED = "Failed to load resource: the server responded with a status of 409 (Conflict)"


class Counting(Recording):
    """Counts to forty for everybody, slowly enough to be interrupted: what is missing or doubled can be seen."""

    words = tuple(f"number-{n} " for n in range(1, 41))

    async def generate(self, request: ChatRequest) -> Generation:
        self.dialogues.append(request.messages)
        return Generation(prompt_tokens=1, pieces=self._count(), close=lambda: None)

    async def _count(self) -> AsyncIterator[Piece]:
        for at, word in enumerate(self.words, start=1):
            await asyncio.sleep(0.05)
            yield Piece(0, word, 1, [], "stop" if at == len(self.words) else None)


@pytest.fixture
def policies() -> Recording:
    return Counting(Script())


def test_a_reload_in_mid_stream_goes_on_where_it_was(
    web: Process, page: Page, policies: Recording, errors: Errors
) -> None:
    join(page)
    say(page, "Count to forty.")
    response = page.get_by_role("article", name="Response A")
    expect(response).to_contain_text("number-3")
    page.reload()
    expect(response).to_contain_text("number-3")
    expect(response).to_contain_text("writing…")  # still on its way: it was neither cut nor begun again
    wait_for_both(page)
    for name in ("Response A", "Response B"):
        assert page.get_by_role("article", name=name).inner_text().split().count("number-40") == 1
    assert len(policies.dialogues) == 2
    with db.reading() as session:
        turn = session.scalars(select(Turn)).one()
        assert turn.attempt == 1
        whole = "".join(Counting.words)
        assert [(row.shown, row.status, row.text) for row in turn.candidates] == [
            (shown, CandidateStatus.DONE, whole) for shown in "ab"
        ]
    assert set(errors) <= {SIGNED_OUT_AT_FIRST}


def test_a_reload_between_reading_and_choosing_and_one_in_mid_draft(web: Process, page: Page, errors: Errors) -> None:
    join(page)
    page.get_by_label("Your message").fill("Count to for")
    page.reload()
    page.get_by_role("dialog").get_by_role("button", name="Got it").or_(
        page.get_by_label("Your message")
    ).first.wait_for()
    expect(page.get_by_label("Your message")).to_have_value("Count to for")
    say(page, "Count to forty.")
    wait_for_both(page)
    page.keyboard.press("ArrowLeft")  # a step of the scale is in hand, but not pressed
    page.keyboard.press("ArrowLeft")
    page.reload()
    wait_for_both(page)
    with db.reading() as session:
        assert session.scalars(select(Comparison)).all() == []  # nothing was chosen by leaving

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You chose B, somewhat")).to_be_visible()
    page.get_by_label("Your message").fill("And now back")
    page.get_by_role("button", name="Change").click()  # folded out, nothing picked yet
    page.reload()
    expect(page.get_by_text("You chose B, somewhat")).to_be_visible()
    expect(page.get_by_label("Your message")).to_have_value("And now back")
    with db.reading() as session:
        choice = session.scalars(select(Comparison)).one()
        assert (choice.strength, choice.superseded_at) == (2, None)
        assert choice.picked_id == next(row.id for row in choice.turn.candidates if row.shown == "b")
    assert set(errors) <= {SIGNED_OUT_AT_FIRST}


def test_two_tabs_show_the_same_conversation_all_along(
    web: Process, context: BrowserContext, page: Page, policies: Recording, errors: Errors
) -> None:
    join(page)
    other = context.new_page()
    other.goto(page.url)
    say(page, "Count to forty.")
    expect(other.get_by_role("article", name="Response A")).to_contain_text("writing…")  # without a reload
    wait_for_both(page)
    wait_for_both(other)
    page.keyboard.press("1")
    expect(other.get_by_text("You chose A, very strongly")).to_be_visible()
    other.get_by_role("button", name="Change").click()
    other.get_by_role("button", name="B is better, barely").click()
    expect(page.get_by_text("You chose B, barely")).to_be_visible()
    say(other, "And back?")
    expect(page.get_by_text("Response A, which you did not choose")).to_be_visible()
    wait_for_both(page)
    page.keyboard.press("8")
    page.get_by_role("button", name="Finish conversation").click()
    page.get_by_role("button", name="Finish and go on").click()
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="Conversation 2 of 5")).to_be_visible()
    assert len(policies.dialogues) == 4  # two turns of two candidates, whoever looked
    with db.reading() as session:
        assert len(session.scalars(select(Turn)).all()) == 2
        assert len(session.scalars(select(Conversation)).all()) == 2
        choices = session.scalars(select(Comparison).order_by(Comparison.created_at)).all()
        assert [(row.strength, row.superseded_at is None) for row in choices] == [(4, False), (1, True), (4, True)]
    assert set(errors) <= {SIGNED_OUT_AT_FIRST}


def test_a_choice_that_another_device_has_overtaken_is_refused_with_a_sentence(
    web: Process, context: BrowserContext, page: Page, errors: Errors
) -> None:
    join(page)
    say(page, "Count to forty.")
    wait_for_both(page)
    assert context.browser is not None
    signed_in = context.storage_state()
    signed_in["origins"] = []  # nothing but the cookie: what this browser keeps by itself stays here
    phone = context.browser.new_context(base_url=web.url, storage_state=signed_in)
    phone.set_default_timeout(60_000)
    elsewhere = phone.new_page()
    elsewhere.goto(page.url)
    elsewhere.get_by_role("dialog").get_by_role("button", name="Got it").click()
    wait_for_both(elsewhere)
    elsewhere.keyboard.press("1")
    say(elsewhere, "And back?")
    expect(elsewhere.get_by_text("Response B, which you did not choose")).to_be_visible()

    page.keyboard.press("8")  # of the first turn, as it still stands here
    expect(page.get_by_role("alert")).to_contain_text("This choice is final")
    expect(page.get_by_text("Response B, which you did not choose")).to_be_visible()
    wait_for_both(page)
    with db.reading() as session:
        choice = session.scalars(select(Comparison)).one()
        assert (choice.strength, choice.superseded_at) == (4, None)
    assert set(errors) <= {SIGNED_OUT_AT_FIRST, REFUSED}
    phone.close()
