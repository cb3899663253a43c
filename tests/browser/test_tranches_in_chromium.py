"""A tranche's datasheet and its export, in Chromium: from the list to the file, and that everybody can use both."""

import gzip
import json

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.tables import ConversationStatus, Export, Role, Task
from app.tasks.defaults import HELPFULNESS
from app.tranches.service import freeze
from tests.app.servers import Process
from tests.app.tranches.test_freeze import make_iteration
from tests.browser.axe import DESK, PHONE, Look, barriers_in
from tests.browser.conftest import sign_in
from tests.factories import make_comparison, make_conversation, make_turn
from worker import exports

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

NAME = "2026-w48-base"
LOOKS = [Look(DESK, "light"), Look(DESK, "dark"), Look(PHONE, "light"), Look(PHONE, "dark")]


@pytest.fixture
def tranche(web: Process) -> str:
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        conversation = make_conversation(session, task, status=ConversationStatus.COMPLETED)
        for text in ("Is it so?", "Why?"):
            turn = make_turn(session, conversation, ("Because.", "No."), text=text)
            make_comparison(session, turn, text_version=1, seconds_to_choose=5.0)
        left_out = make_conversation(session, task, status=ConversationStatus.COMPLETED)
        make_comparison(session, make_turn(session, left_out), excluded_reason="too fast")
        freeze(session, make_iteration(session))
    return NAME


def test_from_the_datasheet_to_the_file(web: Process, tranche: str, context: BrowserContext, page: Page) -> None:
    sign_in(context, web, Role.RESEARCHER)
    page.goto("/admin/tranches")
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("region", name="How it came about")).to_contain_text("too fast")
    page.get_by_role("link", name="Export this tranche").click()
    expect(page.get_by_label("Task")).to_have_value("helpfulness")
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_text("Waits for a worker")).to_be_visible()
    with db.reading() as session:
        id = session.scalars(select(Export.id)).one()
    exports.make(id)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"turnwise-{NAME}-helpfulness-hh.jsonl.gz"
    first, second = gzip.decompress(download.value.path().read_bytes()).decode().splitlines()
    assert json.loads(first)["chosen"] == "\n\nHuman: Is it so?\n\nAssistant: Because."
    assert second.count("Human:") == 4


def test_the_datasheet_and_an_export_can_be_used_by_everybody(web: Process, tranche: str, chromium: Browser) -> None:
    found = []
    with chromium.new_context(base_url=web.url) as context:
        account = sign_in(context, web, Role.ADMIN)
        with db.writing() as session:
            an_export_of_each_kind(session, account.id)
        page = context.new_page()
        for path in (f"/admin/tranches/{NAME}", "/admin/exports"):
            page.goto(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            page.wait_for_load_state("networkidle")
            found += barriers_in(LOOKS, page, path)
    assert not found, "\n".join(found)


def an_export_of_each_kind(session: Session, asked_by: str) -> None:
    running = {"heartbeat_at": db.now(), "rows_done": 1, "rows_total": 2, "attempt": 1}
    done = {"file_name": "all.jsonl.gz", "sha256": "ab" * 32, "bytes": 900, "expires_at": db.now()}
    for fields in (
        {"status": "running", **running},
        {"status": "done", **done},
        {"status": "failed", "reason": "Full."},
    ):
        session.add(Export(format="hh", asked_by=asked_by, **fields))
