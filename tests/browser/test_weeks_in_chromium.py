"""Iterations, lineage and schedule in Chromium: that everybody can use them, and the ways through them."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from app import db
from app.tables import AuditEvent, Role
from tests.app.servers import Process
from tests.browser.axe import DESK, PHONE, Look, barriers_in
from tests.browser.conftest import Errors, sign_in
from tests.browser.weeks import a_quarter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def test_iterations_lineage_and_schedule_can_be_used_by_everybody(web: Process, chromium: Browser) -> None:
    """No violation that axe knows of and nothing to scroll sideways for, on a desk and a phone, by day and by night."""
    found = []
    with chromium.new_context(base_url=web.url, locale="en-GB") as context:
        running, held, policy = a_quarter(sign_in(context, web, Role.RESEARCHER))
        page = context.new_page()
        for path in (
            "/admin/iterations",
            f"/admin/iterations/{running}",
            f"/admin/iterations/{held}",
            f"/admin/lineage?iteration={running}",
            f"/admin/lineage?snapshot={policy}",
            "/admin/lineage",
            "/admin/schedule",
        ):
            page.goto(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            page.wait_for_load_state("networkidle")
            closed = page.get_by_role("button", name="Details", expanded=False)
            while closed.count():
                closed.first.click()
            page.wait_for_load_state("networkidle")
            for summary in page.locator("summary").all():
                summary.click()
            found += barriers_in([Look(DESK, "light"), Look(PHONE, "dark"), Look(DESK, "dark")], page, path)
    assert not found, "\n".join(found)


def test_a_held_week_is_overruled_with_a_reason_by_keyboard(
    web: Process, context: BrowserContext, page: Page, errors: Errors
) -> None:
    rosa = sign_in(context, web, Role.RESEARCHER)
    a_quarter(rosa)
    page.goto("/admin/iterations")
    page.get_by_role("link", name="2026-w46").press("Enter")
    gate = page.get_by_role("row").filter(has_text="Distance from the initial policy")
    expect(gate).to_contain_text("23.4 nats")
    expect(gate).to_contain_text("at most 20 nats")
    page.get_by_role("button", name="Overrule the gate").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("2026-w47 came later and has been deployed")
    page.keyboard.type("We read fifty of its answers; they are longer, not worse.")
    page.get_by_role("dialog").get_by_role("button", name="Overrule the gate").press("Enter")
    # Another week is being trained, and that is said instead of a second one being opened.
    expect(page.get_by_role("alert")).to_contain_text("Another iteration is running")
    with db.reading() as session:
        assert session.scalars(select(AuditEvent).where(AuditEvent.action == "overrule")).all() == []
    assert all("409" in error for error in errors)


def test_the_schedule_says_what_it_means_while_it_is_written(web: Process, context: BrowserContext, page: Page) -> None:
    sign_in(context, web, Role.RESEARCHER)
    page.goto("/admin/schedule")
    means = page.get_by_role("region", name="What that means")
    expect(means).to_contain_text("Every Monday at 04:00.")
    page.get_by_label("When (cron)").fill("0 3 30 2 *")
    expect(means).to_contain_text("“0 3 30 2 *” names a date that never comes.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("names a date that never comes")
    page.get_by_role("button", name="Monday to Friday at 22:00").click()
    page.get_by_label("Time zone").fill("Europe/Berlin")
    expect(means).to_contain_text("Every day from Monday to Friday at 22:00.")
    expect(means.get_by_role("listitem")).to_have_count(3)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Last changed")).to_be_visible()
    page.reload()
    expect(page.get_by_label("When (cron)")).to_have_value("0 22 * * 1-5")


def test_an_override_is_found_by_what_it_means_and_kept(web: Process, context: BrowserContext, page: Page) -> None:
    sign_in(context, web, Role.RESEARCHER)
    page.goto("/admin/schedule")
    find = page.get_by_role("combobox", name="Override a field of the preset")
    find.focus()
    expect(page.get_by_role("option", name="policy.helpful_share")).to_be_in_viewport()  # mixes come first
    find.fill("refuse too much")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    share = page.get_by_role("spinbutton", name="policy.helpful_share")
    expect(share).to_be_focused()
    page.keyboard.type("0.7")
    found = barriers_in([Look(DESK, "light"), Look(PHONE, "dark")], page, "an override")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Last changed")).to_be_visible()
    page.reload()
    expect(share).to_have_value("0.7")
    find.click()
    expect(page.get_by_role("option", name="shares.initial")).to_be_attached()
    expect(page.get_by_role("option", name="policy.helpful_share")).to_have_count(0)  # there is one already
    found += barriers_in([Look(DESK, "light"), Look(DESK, "dark")], page, "the fields on offer")
    assert not found, "\n".join(found)
