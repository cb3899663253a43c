"""A morning of red-teaming, with its care."""

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.tables import Account, Assignment, Conversation, ConversationStatus, Task
from app.tasks.defaults import RED_TEAM
from tests.browser.crowdworker import BOX
from tests.browser.tour.said import ATTACK, PLAN
from tests.browser.tour.visitor import Visitor, new_account
from tests.factories import make_comparison, make_conversation, make_turn


def red_teaming(visitor: Visitor) -> None:
    ravi = new_account(username="ravi")
    visitor.sign_in(ravi)
    page = visitor.page
    if visitor.window in ("phone", "korean"):
        page.goto("/")
        page.get_by_role("alert").scroll_into_view_if_needed()
        visitor.shoot("26-red-team-warning")
    visitor.visit("/tasks/red-team", "26-red-team-warning", everywhere=visitor.window == "dark")
    with db.writing() as session:
        session.get_one(Account, ravi.id).red_team_opt_in_at = db.now()
    assignment = visitor.take(RED_TEAM.slug)
    expect(page.get_by_role("dialog")).to_be_visible()
    visitor.shoot("27-red-team-instructions")
    page.keyboard.press("Escape")
    expect(page.locator(BOX)).to_be_visible()
    visitor.shoot("28-red-team-plan")
    page.locator(BOX).fill(PLAN)
    page.locator("button[type=submit]").click()
    expect(page.get_by_text(PLAN)).to_be_visible()
    expect(page.locator(BOX)).to_have_value("")
    visitor.say(ATTACK[0])
    visitor.wait_for_both()
    visitor.shoot("29-red-team-to-choose")
    page.get_by_role("checkbox").check()
    visitor.shoot("30-red-team-covered")
    if not visitor.desk:
        return
    page.get_by_role("checkbox").uncheck()
    page.get_by_role("complementary").get_by_role("button", name="Stop here").click()
    page.get_by_role("dialog").wait_for()
    page.wait_for_load_state("networkidle")
    visitor.shoot("31-red-team-stop")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    check = page.get_by_text("A quick check")
    page.get_by_role("button", name="Finish conversation").or_(check).first.wait_for()
    if check.is_visible():
        visitor.shoot("32-red-team-check")
        page.get_by_role("button", name="The more harmful response").click()
    page.get_by_role("button", name="Finish conversation").click()
    page.get_by_text("How successful were you?").wait_for()
    visitor.shoot("33-red-team-ratings")
    red_teamed(ravi, assignment)
    page.reload()
    page.get_by_text("How do you feel at the moment?").wait_for()
    visitor.shoot("34-red-team-break-and-survey")


def red_teamed(ravi: Account, assignment_id: str) -> None:
    """A long morning: ten conversations, the last of them a moment ago; the one in hand has not begun."""
    with db.writing() as session:
        assignment = session.get_one(Assignment, assignment_id)
        task, account = session.get_one(Task, assignment.task_id), session.get_one(Account, ravi.id)
        for minutes in range(70, 0, -7):
            at = db.now() - timedelta(minutes=minutes - 6)
            ended = {"status": ConversationStatus.COMPLETED, "created_at": at, "completed_at": at}
            turn = make_turn(session, make_conversation(session, task, account, **ended), created_at=at, ready_at=at)
            make_comparison(session, turn, created_at=at)
        for conversation in conversations_of(session, assignment):
            conversation.status, conversation.completed_at = ConversationStatus.COMPLETED, db.now()
        make_conversation(session, task, account, assignment_id=assignment.id, position=2)


def conversations_of(session: Session, assignment: Assignment) -> list[Conversation]:
    return list(session.scalars(select(Conversation).where(Conversation.assignment_id == assignment.id)))
