"""The pages of PMs and of policies with many weeks behind them, in Chromium: all their charts, and by everybody."""

import pytest
from playwright.sync_api import Browser, expect

from app import db
from app.tables import Role
from benchmarks import trained_weeks
from tests.app.servers import Process
from tests.browser.axe import DESK, PHONE, Look, barriers_in
from tests.browser.conftest import sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def test_every_chart_of_a_pm_and_of_a_policy_is_drawn_and_another_one_can_be_chosen(
    web: Process, chromium: Browser
) -> None:
    with db.writing() as session:
        trained_weeks.make(session, weeks=7, steps=30, judged=200)
    with chromium.new_context(base_url=web.url) as context:
        sign_in(context, web, Role.RESEARCHER)
        page = context.new_page()
        for path, label, figures, other in (
            ("/admin/preference-models", "PM", 12, "2025-w42-pm"),
            ("/admin/policies", "Training of", 10, "2025-w42"),
        ):
            page.goto(path)
            drawn = page.get_by_role("figure").filter(has=page.locator("svg.recharts-surface"))
            expect(drawn).to_have_count(figures - ("policies" in path))  # nobody compared policies: that one is missing
            page.get_by_label(label, exact=True).select_option(label=other)
            expect(drawn.first.get_by_text(other, exact=True).first).to_be_visible()
            assert page.url.partition("?")[2].startswith(("pm=", "iteration="))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "looks",
    [[Look(DESK, "light"), Look(PHONE, "dark")], [Look(PHONE, "light"), Look(DESK, "dark")]],
    ids=["desk", "phone"],
)
def test_charts_and_their_tables_can_be_used_by_everybody(web: Process, chromium: Browser, looks: list[Look]) -> None:
    with db.writing() as session:
        trained_weeks.make(session, weeks=3, steps=20, judged=200)
    found = []
    with chromium.new_context(base_url=web.url) as context:
        sign_in(context, web, Role.RESEARCHER)
        page = context.new_page()
        for path in ("/admin/preference-models", "/admin/policies"):
            page.goto(path)
            page.wait_for_load_state("networkidle")
            for words in ("As a table", "The same numbers again"):
                for summary in page.get_by_text(words).all():
                    summary.click()
            expect(page.get_by_role("table").first).to_be_visible()
            found += barriers_in(looks, page, path)
    assert not found, "\n".join(found)
