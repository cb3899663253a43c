"""A first day, from an address typed in to the completion code, and what the database has of it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app import db
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    CandidateStatus,
    Comparison,
    Conversation,
    ConversationStatus,
    QualificationAttempt,
    Turn,
    TurnStatus,
)
from app.tasks.defaults import HELPFULNESS
from inference.scripted import Script
from tests.app.servers import Process
from tests.browser.axe import scrolls_sideways
from tests.browser.conftest import Recording
from tests.browser.crowdworker import SIGNED_OUT_AT_FIRST, Hand, Keyboard, Mouse, Thumb, sign_up, wait_for_both

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

DESK = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture
def policies() -> Recording:
    return Recording(Script(tokens_per_second=400))  # a whole day passes here


@pytest.mark.parametrize(
    ("hand", "window"),
    [(Mouse(), DESK), (Thumb(), PHONE), (Keyboard(), DESK)],
    ids=["mouse", "phone", "keyboard alone"],
)
def test_from_the_first_visit_to_the_completion_code(
    chromium: Browser, web: Process, pairs: list[Any], hand: Hand, window: dict[str, Any]
) -> None:
    context = chromium.new_context(base_url=web.url, **window)
    context.set_default_timeout(60_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)

    page.goto("/")
    hand.press(page.get_by_role("link", name="Create an account"))
    sign_up(page, hand)
    hand.press(page.get_by_role("link", name="Qualify first").first)
    qualify(page, hand, pairs)
    hand.press(page.get_by_role("button", name="Start the task"))
    expect(page.get_by_role("dialog")).to_contain_text("more helpful and more honest")
    hand.press(page.get_by_role("dialog").get_by_role("button", name="Got it"))

    for number in range(1, 6):
        expect(page.get_by_role("heading", name=f"Conversation {number} of 5")).to_be_visible()
        for message in ("How do I keep basil alive?", "And in winter?")[: 2 if number == 1 else 1]:
            hand.write(page.get_by_label("Your message"), message)
            hand.send(page)
            wait_for_both(page)
            assert not scrolls_sideways(page)
            hand.choose(page, "A is better, strongly", "2")
            expect(page.get_by_text("You chose A, strongly").last).to_be_visible()
        hand.press(page.get_by_role("button", name="Finish conversation"))
        if number == 1:
            hand.rate(page, "Overall, the assistant was", 4)
            hand.write(page.get_by_label("Your thoughts on it"), "It knows its herbs.")
        hand.press(page.get_by_role("button", name=re.compile("Finish and go on|Finish the assignment")))
    expect(page.get_by_text("Your completion code")).to_be_visible()

    with db.reading() as session:
        account = session.scalars(select(Account).where(Account.username == "ada")).one()
        assert account.consent_version == 1
        tried = session.scalars(select(QualificationAttempt)).one()
        assert (tried.passed, tried.correct) == (True, len(pairs))
        assignment = session.scalars(select(Assignment)).one()
        assert assignment.status == AssignmentStatus.COMPLETED
        assert assignment.completion_code
        expect(page.get_by_text(assignment.completion_code, exact=True)).to_be_visible()
        held = session.scalars(select(Conversation).order_by(Conversation.position)).all()
        assert [(row.position, row.status) for row in held] == [
            (number, ConversationStatus.COMPLETED) for number in range(1, 6)
        ]
        assert [(row.overall_rating, row.comment) for row in held] == [(4, "It knows its herbs.")] + [(None, None)] * 4
        turns = session.scalars(select(Turn)).all()
        assert len(turns) == 6
        assert {turn.status for turn in turns} == {TurnStatus.READY}
        assert {candidate.status for turn in turns for candidate in turn.candidates} == {CandidateStatus.DONE}
        choices = session.scalars(select(Comparison)).all()
        assert sorted(choice.turn_id for choice in choices) == sorted(turn.id for turn in turns)
        assert {(choice.strength, choice.text_version, choice.superseded_at) for choice in choices} == {(3, 1, None)}
    assert set(errors) <= {SIGNED_OUT_AT_FIRST}
    context.close()


def qualify(page: Page, hand: Hand, pairs: list[Any]) -> None:
    for number, pair in enumerate(pairs, start=1):
        expect(page.get_by_role("heading", name=f"Pair {number} of {len(pairs)}")).to_be_visible()
        expect(page.get_by_text(HELPFULNESS.question)).to_be_visible()
        hand.press(page.get_by_role("button", name=f"Choose {pair['picked'].upper()}"))
        hand.press(page.get_by_role("button", name="Next" if number < len(pairs) else "Check my answers"))
    expect(page.get_by_role("heading", name="You have qualified")).to_be_visible()
