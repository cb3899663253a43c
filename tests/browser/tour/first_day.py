"""A crowdworker's first day, from signing in to the completion code, and what is around it."""

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from app import db
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    ConversationStatus,
    Message,
    Role,
    Study,
    StudyProvider,
    StudyVisit,
    Task,
    TaskText,
    VisitStatus,
)
from app.tasks.defaults import DEFAULT_TASKS, HELPFULNESS
from tests.app.servers import Process
from tests.browser.crowdworker import BOX
from tests.browser.tour.red_teaming import conversations_of, red_teaming
from tests.browser.tour.researchers import researchers
from tests.browser.tour.said import SAID, Written
from tests.browser.tour.visitor import MARKS, WINDOWS, Visitor, has_korean_letters, new_account
from tests.factories import make_account, make_comparison, make_conversation, make_turn

pytestmark = MARKS


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("window", list(WINDOWS), ids=[name or "desk" for name in WINDOWS])
def test_tour(chromium: Browser, web: Process, policies: Written, window: str) -> None:
    if window == "korean" and not has_korean_letters():
        pytest.skip("No font here has Korean letters (Debian: apt install fonts-noto-cjk); those pictures stay.")
    with db.writing() as session:
        session.execute(update(Task).values(pay_cents=450))
        for default in DEFAULT_TASKS:
            task = select(Task.id).where(Task.slug == default.slug).scalar_subquery()
            session.execute(
                update(TaskText).where(TaskText.task_id == task).values(qualification=default.qualification)
            )
    visitor = Visitor(chromium, web, window)
    the_way_in(visitor)
    qualifying(visitor)
    mina = helpfulness(visitor, policies)
    red_teaming(visitor)
    around(visitor, mina)
    studies(visitor)
    if visitor.desk:
        researchers(visitor, mina)
    visitor.context.close()


def the_way_in(visitor: Visitor) -> None:
    visitor.visit("/sign-in", "01-sign-in", everywhere=True)
    visitor.visit("/sign-up", "02-sign-up", everywhere=True)
    if visitor.desk:
        page = visitor.page
        page.goto("/sign-in")
        page.get_by_label("User name").fill("mina")
        page.locator("input[name=password]").fill("not her password")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("alert").wait_for()
        visitor.shoot("03-sign-in-refused")
    visitor.sign_in(new_account(username="noor", consent_version=None))
    visitor.visit("/", "04-consent")


def qualifying(visitor: Visitor) -> None:
    visitor.sign_in(new_account(username="sol"), qualified=False)
    visitor.visit("/", "05-tasks-first-visit", everywhere=True)
    visitor.visit("/tasks/helpfulness/guide", "06-guide", everywhere=True)
    visitor.visit("/tasks/helpfulness/qualification", "07-qualification", everywhere=True)
    if not visitor.desk:
        return
    answer(visitor, wrong=5)
    visitor.shoot("08-qualification-not-yet")
    visitor.page.get_by_role("button", name="Try again").click()
    answer(visitor, wrong=1)
    visitor.shoot("09-qualification-passed")


def answer(visitor: Visitor, wrong: int) -> None:
    for number, pair in enumerate(HELPFULNESS.qualification, start=1):
        expect(visitor.page.get_by_role("heading", name=f"Pair {number} of")).to_be_visible()
        other = "b" if pair["picked"] == "a" else "a"
        visitor.page.keyboard.press(other if number <= wrong else pair["picked"])
        visitor.page.keyboard.press("Enter")
    visitor.page.get_by_role("button", name="Check my answers").wait_for(state="detached")


def helpfulness(visitor: Visitor, policies: Written) -> Account:
    mina = new_account(username="mina", may_edit=True)
    visitor.sign_in(mina)
    page = visitor.page
    assignment = visitor.take(HELPFULNESS.slug)
    expect(page.get_by_role("dialog")).to_be_visible()
    visitor.shoot("10-instructions")
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    visitor.shoot("11-chat-empty")
    if visitor.desk:
        page.locator(BOX).fill("Could you write to my landlord at jo.ricci@mail.org about the heating?")
        page.keyboard.press("Control+Enter")
        page.get_by_role("alert").wait_for()
        visitor.shoot("12-chat-private-data")
    policies.pace = 0.1
    visitor.say(SAID[0][0])
    page.wait_for_timeout(2000)  # a line or two
    visitor.shoot("13-chat-streaming")
    policies.pace = 0.0
    visitor.wait_for_both()
    visitor.shoot("14-chat-to-choose")
    page.keyboard.press("2")
    expect(page.locator(BOX)).to_be_visible()
    visitor.shoot("15-chat-chosen")
    if visitor.desk:
        page.get_by_role("button", name="Change", exact=True).click()
        visitor.shoot("16-chat-changing")
        page.get_by_role("button", name="Keep it").click()
        page.get_by_role("button", name="Edit this response").click()
        field = page.get_by_role("dialog").locator(BOX)
        field.wait_for()
        visitor.shoot("17-chat-editing")
        field.fill(SAID[0][1] + "\n\nAnd never let it stand in a draught.")
        page.get_by_role("button", name="Use my version").click()
        expect(page.get_by_role("article", name="Your version")).to_be_visible()
        visitor.shoot("18-chat-edited")
    visitor.say(SAID[1][0])
    visitor.wait_for_both()
    visitor.shoot("19-chat-second-turn")
    if visitor.desk:
        page.get_by_role("button", name="Report: Response B").click()
        page.get_by_role("dialog").get_by_label("It is broken or unreadable").wait_for()
        visitor.shoot("20-chat-report")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Write to the researchers", exact=True).click()
        page.get_by_role("dialog").locator(BOX).wait_for()
        visitor.shoot("21-chat-write-to-researchers")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("dialog").get_by_text("and so is the pay").wait_for()
        page.wait_for_load_state("networkidle")
        visitor.shoot("22-chat-ways-out")
        page.keyboard.press("Escape")
        visitor.context.set_offline(True)
        page.get_by_text("You are offline").wait_for()
        visitor.shoot("23-chat-offline")
        visitor.context.set_offline(False)
        page.get_by_text("You are offline").wait_for(state="hidden")
    page.keyboard.press("7")
    for human, *_ in SAID[2:]:
        expect(page.locator(BOX)).to_be_visible()
        visitor.say(human)
        visitor.wait_for_both()
        page.keyboard.press("1")
    expect(page.get_by_role("radio").first).to_be_attached()
    visitor.shoot("24-chat-finish")
    end(assignment)
    visitor.visit(f"/assignments/{assignment}", "25-completion-code", everywhere=True)
    return mina


def end(assignment_id: str) -> None:
    """As if all five conversations had been held."""
    with db.writing() as session:
        assignment = session.get_one(Assignment, assignment_id)
        account, task = session.get_one(Account, assignment.account_id), session.get_one(Task, assignment.task_id)
        for position in range(2, 6):
            held = {"assignment_id": assignment.id, "position": position, "status": ConversationStatus.COMPLETED}
            turn = make_turn(session, make_conversation(session, task, account, **held), texts=SAID[0][1:])
            make_comparison(session, turn)
        for conversation in conversations_of(session, assignment):
            conversation.status = ConversationStatus.COMPLETED
        assignment.status, assignment.completed_at = AssignmentStatus.COMPLETED, db.now()
        assignment.completion_code = "TW-7Q4M-K2XD"


def around(visitor: Visitor, mina: Account) -> None:
    with db.writing() as session:
        rosa = make_account(session, Role.RESEARCHER, username="rosa")
        for author, text in (
            (mina.id, "Is a response worse when it asks a question back instead of answering?"),
            (
                rosa.id,
                "Only when it was not needed. If the assistant could not know, asking is the better response.",
            ),
            (mina.id, "Thank you, that helps."),
            (rosa.id, "You are welcome. The guide has an example of it now."),
        ):
            session.add(Message(account_id=mina.id, author_id=author, text=text))
            session.flush()
    visitor.sign_in(mina)
    visitor.visit("/", "35-tasks", everywhere=True)
    visitor.visit("/messages", "36-messages", everywhere=True)
    visitor.visit("/account", "37-progress-and-earnings", everywhere=True)
    if visitor.desk:
        page = visitor.page
        page.get_by_role("button", name="Erase my data").scroll_into_view_if_needed()
        visitor.shoot("38-own-data")
        page.get_by_role("button", name="Erase my data").click()
        page.get_by_role("dialog").wait_for()
        visitor.shoot("39-erasure")
    visitor.visit("/nothing-here", "40-not-found", everywhere=visitor.window == "korean")
    if visitor.desk:
        visitor.page.route("**/api/v1/tasks", lambda route: route.fulfill(status=500, body="Internal Server Error"))
        visitor.page.goto("/")
        visitor.page.get_by_role("alert").wait_for()
        visitor.shoot("41-server-error")
        visitor.page.unroute("**/api/v1/tasks")
    visitor.sign_in(new_account(username="sam", suspended_at=db.now()))
    visitor.visit("/", "42-suspended")


def studies(visitor: Visitor) -> None:
    codes = {"code_completed": "C1X7K2", "code_screened_out": "SO4M9Q", "code_withdrawn": "W2T8PL"}
    with db.writing() as session:
        task = session.scalars(select(Task.id).where(Task.slug == HELPFULNESS.slug)).one()
        study = Study(provider=StudyProvider.PROLIFIC, external_id="64a1f0c2b7", task_id=task, **codes)
        session.add(study)
        session.flush()
        person = make_account(
            session, username="prolific-5f3c", external_provider="prolific", external_id="5f3c", password_hash=None
        )
        visit = {"study_id": study.id, "account_id": person.id, "external_session": "s1"}
        session.add(StudyVisit(**visit, status=VisitStatus.COMPLETED, ended_at=db.now()))
    visitor.context.clear_cookies()
    visitor.visit("/study?STUDY_ID=64a1f0c2b7", "43-study-link-incomplete")
    visitor.visit("/study?PROLIFIC_PID=77b2&STUDY_ID=64a1f0c2b7&SESSION_ID=s2", "44-study-consent")
    visitor.sign_in(person)
    visitor.visit("/study/end", "45-study-completion-code", everywhere=True)
