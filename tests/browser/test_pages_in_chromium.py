"""The pages around the chat, in Chromium: the ways through them, by keyboard too, and that everybody can use them."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from app import db
from app.tables import ConversationStatus, Message, Report, ReportReason, Role, Study, StudyProvider, Task
from app.tasks.defaults import HELPFULNESS
from tests.app.servers import Process
from tests.browser.axe import DESK, PHONE, Look, barriers_in
from tests.browser.conftest import Errors, sign_in
from tests.browser.crowdworker import SIGNED_OUT_AT_FIRST
from tests.factories import make_account, make_comparison, make_conversation, make_turn
from worker import crowdworkers

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def study(web: Process) -> str:
    codes = {"code_completed": "DONE1", "code_screened_out": "OUT1", "code_withdrawn": "GONE1"}
    with db.writing() as session:
        task = session.scalars(select(Task.id).where(Task.slug == HELPFULNESS.slug)).one()
        study = Study(provider=StudyProvider.PROLIFIC, external_id="study1", task_id=task, **codes)
        session.add(study)
        session.flush()
        return study.id


def test_from_signing_up_to_the_first_conversation_by_keyboard_alone(
    page: Page, pairs: list[Any], errors: Errors
) -> None:
    page.goto("/sign-up")
    expect(page.get_by_label("User name")).to_be_focused()
    expect(page.get_by_role("region", name="What you agree to")).to_contain_text("agree")
    page.keyboard.type("ada")
    press_until_focused(page, "Password")
    page.keyboard.type("correct horse")
    press_until_focused(page, "I have read this and agree")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    helpfulness = page.get_by_role("article").filter(has_text=HELPFULNESS.title)
    expect(helpfulness).to_contain_text("You have 3 tries")
    press_until_focused(page, "Qualify first")
    page.keyboard.press("Enter")
    for number, pair in enumerate(pairs, start=1):
        expect(page.get_by_role("heading", name=f"Pair {number} of {len(pairs)}")).to_be_visible()
        expect(page.get_by_text(HELPFULNESS.question)).to_be_visible()
        page.keyboard.press(pair["picked"])
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You have qualified")).to_be_focused()
    press_until_focused(page, "Start the task")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Conversation 1 of 5")).to_be_visible()
    assert set(errors) <= {SIGNED_OUT_AT_FIRST}


def press_until_focused(page: Page, name: str) -> None:
    """Tab on until the focus is on what is called so."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(
            "name => (document.activeElement.labels?.[0] ?? document.activeElement).textContent.startsWith(name)", name
        ):
            return
    raise AssertionError(f"“{name}” cannot be reached by the Tab key")


def test_a_reload_in_the_middle_of_the_qualification_keeps_the_answers(
    web: Process, page: Page, context: BrowserContext, pairs: list[Any]
) -> None:
    sign_in(context, web, Role.CROWDWORKER, qualified=False)
    page.goto(f"/tasks/{HELPFULNESS.slug}/qualification")
    page.get_by_role("button", name="Choose B").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Pair 2 of")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Pair 2 of")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("button", name="Your choice: B")).to_be_visible()


def test_a_participant_of_prolific_who_does_not_qualify_goes_back_with_the_code_for_it(
    page: Page, study: str, pairs: list[Any]
) -> None:
    link = "/study?PROLIFIC_PID=somebody&STUDY_ID=study1&SESSION_ID=session1"
    page.goto(link)
    page.get_by_label("I have read this and agree").check()
    page.get_by_role("button", name="Agree and go on").click()
    expect(page.get_by_role("heading", name="Your task")).to_be_visible()
    assert "PROLIFIC_PID" not in page.url
    page.get_by_role("link", name="Qualify first").click()
    for right in range(3):  # one pair is answered well, each time another: the same picks again are the same try
        for number, pair in enumerate(pairs):
            expect(page.get_by_role("heading", name=f"Pair {number + 1} of {len(pairs)}")).to_be_visible()
            wrong = "b" if pair["picked"] == "a" else "a"
            page.keyboard.press(pair["picked"] if number == right else wrong)
            page.keyboard.press("Enter")
        if right < 2:
            page.get_by_role("button", name="Try again").click()
    page.get_by_role("link", name="Finish the study").click()
    expect(page.get_by_text("OUT1", exact=True)).to_be_visible()
    back = page.get_by_role("link", name="Back to Prolific")
    expect(back).to_have_attribute("href", "https://app.prolific.com/submissions/complete?cc=OUT1")
    page.goto(link)  # opened again: the same end
    expect(page.get_by_text("OUT1", exact=True)).to_be_visible()


def test_a_participant_who_does_not_agree_leaves_with_a_code(page: Page, study: str) -> None:
    page.goto("/study?PROLIFIC_PID=somebody&STUDY_ID=study1&SESSION_ID=session1")
    page.get_by_role("button", name="I do not agree: leave the study").click()
    expect(page.get_by_text("GONE1", exact=True)).to_be_visible()


def test_a_link_without_its_parameters_says_what_is_missing(page: Page, study: str) -> None:
    page.goto("/study?STUDY_ID=study1")
    expect(page.get_by_role("alert")).to_contain_text("PROLIFIC_PID")


def test_data_are_downloaded_and_then_erased(page: Page) -> None:
    page.goto("/sign-up")
    page.get_by_label("User name").fill("ada")
    page.locator("input[name=password]").fill("correct horse")
    page.get_by_label("I have read this and agree").check()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("link", name="Account").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    assert json.loads(download.value.path().read_text())["account"]["username"] == "ada"

    page.get_by_role("button", name="Erase my data").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Go on to the last step").click()
    dialog.locator("input[name=password]").fill("correct horse")
    dialog.get_by_role("button", name="Erase my data for good").click()
    expect(page.get_by_role("heading", name="Your data has been erased.")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def a_reported_conversation() -> str:
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        account = make_account(session)
        conversation = make_conversation(session, task, account, status=ConversationStatus.COMPLETED)
        turn = make_turn(session, conversation)
        make_comparison(session, turn)
        reported = {"candidate_id": turn.candidates[0].id, "account_id": account.id, "reason": ReportReason.BROKEN}
        session.add(Report(**reported, comment="It stops in the middle of a sentence."))
    crowdworkers.count()
    return conversation.id


def test_the_link_of_the_page_one_is_on_is_in_sight(web: Process, context: BrowserContext, page: Page) -> None:
    sign_in(context, web, Role.ADMIN)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        page.goto("/admin/audit")  # the last one
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Audit log", exact=True)).to_be_in_viewport()


PAGES = {
    None: ["/sign-in", "/sign-up", "/invitation/unknown", "/erased", "/study?STUDY_ID=study1"],
    Role.CROWDWORKER: [
        "/",
        f"/tasks/{HELPFULNESS.slug}",
        f"/tasks/{HELPFULNESS.slug}/guide",
        f"/tasks/{HELPFULNESS.slug}/qualification",
        "/account",
        "/messages",
        "/study",
        "/study/end",
        "/consent",
        "/mturk?study={study}&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE",
        "/nothing-here",
    ],
    Role.RESEARCHER: [
        "/admin/texts",
        "/admin/consent",
        "/admin/inbox/messages",
        "/admin/inbox/messages/{somebody}",
        "/admin/inbox/reports",
        "/admin/people",
        "/admin/crowdworkers",
        "/admin/crowdworkers/{somebody}",
        "/admin/reviews",
        "/admin/pay",
        "/admin/studies",
        "/admin/conversations",
        "/admin/conversations/{conversation}",
        "/admin/tranches",
        "/admin/exports",
        "/admin/leaderboard",
        "/admin/lineage",
        "/admin/improvement",
        "/admin/audit",
    ],
    Role.ADMIN: [
        "/admin",
        "/admin/iterations",
        "/admin/snapshots",
        "/admin/snapshots/initial",
        "/admin/snapshots/compare",
        "/admin/playground",
        "/admin/deployments",
        "/admin/schedule",
        "/admin/invitations",
        "/admin/notifications",
        "/admin/nothing-here",
    ],
}


@pytest.mark.parametrize(
    ("language", "looks"),
    [
        ("en-GB", [Look(DESK, "light"), Look(PHONE, "dark"), Look(DESK, "dark")]),
        ("ko-KR", [Look(PHONE, "light"), Look(DESK, "dark")]),
    ],
    ids=["English", "Korean"],
)
@pytest.mark.timeout(600)
def test_every_page_can_be_used_by_everybody(
    web: Process, chromium: Browser, pairs: list[Any], study: str, language: str, looks: list[Look]
) -> None:
    """No violation that axe knows of and nothing to scroll sideways for, on a desk and a phone, by day and by night."""
    found = []
    for role, paths in PAGES.items():
        if language == "ko-KR" and role in (Role.RESEARCHER, Role.ADMIN):
            continue  # the dashboard is English everywhere
        with chromium.new_context(base_url=web.url, locale=language) as context:
            somebody = None
            if role:
                somebody = sign_in(context, web, role, qualified=False).id
                with db.writing() as session:
                    session.add(Message(account_id=somebody, author_id=somebody, text="Which one?"))
            page = context.new_page()
            conversation = a_reported_conversation() if role == Role.RESEARCHER else None
            for path in paths:
                page.goto(path.format(study=study, somebody=somebody, conversation=conversation))
                expect(page.get_by_role("heading", level=1)).to_be_visible()
                page.wait_for_load_state("networkidle")
                found += barriers_in(looks, page, path)
    assert not found, "\n".join(found)
