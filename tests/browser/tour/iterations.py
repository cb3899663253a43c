"""Iterations, the schedule and the lineage, over a quarter of weeks."""

import pytest
from playwright.sync_api import Browser

from app.tables import Role
from tests.app.servers import Process
from tests.browser.tour.visitor import MARKS, Visitor, new_account
from tests.browser.weeks import a_quarter

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_the_weeks(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    ana = new_account(Role.ADMIN, username="ana")
    visitor.sign_in(ana)
    visitor.visit("/admin/iterations", "52-researcher-iterations-empty")
    running, held, policy = a_quarter(ana)
    visitor.visit("/admin/iterations", "52-researcher-iterations", everywhere=True)
    visitor.visit(f"/admin/iterations/{running}", "53-researcher-iteration", everywhere=True)
    visitor.visit("/admin/schedule", "56-researcher-schedule", everywhere=True)
    visitor.visit(f"/admin/iterations/{held}", "83-researcher-iteration-held", everywhere=True)
    visitor.visit(f"/admin/lineage?snapshot={policy}", "84-researcher-lineage", everywhere=True)
    visitor.context.close()
