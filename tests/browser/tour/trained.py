"""What was trained: preference models and policies."""

import pytest
from playwright.sync_api import Browser

from app import db
from app.tables import Role
from benchmarks import trained_weeks
from tests.app.servers import Process
from tests.browser.tour.visitor import MARKS, Visitor, new_account

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_what_was_trained(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    visitor.sign_in(new_account(Role.ADMIN, username="ana"))
    visitor.visit("/admin/preference-models", "90-researcher-preference-models-empty")
    with db.writing() as session:
        trained_weeks.make(session, weeks=8, steps=60)
    visitor.visit("/admin/preference-models", "91-researcher-preference-models", everywhere=True)
    visitor.look_down("Is the PM as sure as it is right?", "92-researcher-preference-models-sure", everywhere=True)
    visitor.look_down("PM accuracy against the number of comparisons", "92-researcher-preference-models-learning")
    visitor.visit("/admin/policies", "93-researcher-policies", everywhere=True)
    visitor.look_down("Entropy, length and variety, by step", "93-researcher-policies-course", everywhere=True)
    visitor.look_down("What each policy gained on each task", "93-researcher-policies-tension")
    visitor.context.close()
