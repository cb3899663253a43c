"""A crowdworker's first minutes, played in Chromium against the real web process."""

import gzip
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from app import db
from app.pages import DIST
from app.tables import Comparison
from tests.app.servers import Process
from tests.browser.conftest import Errors, Recording
from tests.browser.crowdworker import SIGNED_OUT_AT_FIRST, join, say, wait_for_both

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def test_a_choice_by_keyboard_can_be_changed_and_the_next_turn_goes_on_from_it(
    web: Process, page: Page, policies: Recording, errors: Errors
) -> None:
    join(page)
    say(page, "How do I keep basil alive?")
    response_b = page.get_by_role("article", name="Response B")
    expect(response_b).to_contain_text("writing…")
    wait_for_both(page)

    page.keyboard.press("2")
    expect(page.get_by_text("You chose A, strongly")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("7")
    expect(page.get_by_text("You chose B, strongly")).to_be_visible()
    picked = turn_texts(page)["b"]

    say(page, "And in winter?")
    expect(page.get_by_text("Response A, which you did not choose")).to_be_visible()
    wait_for_both(page)
    asked = [message.content for message in policies.dialogues[-1]]
    assert asked[1:] == ["How do I keep basil alive?", picked, "And in winter?"]
    with db.reading() as session:
        choices = session.query(Comparison).order_by(Comparison.created_at).all()
    assert [(row.strength, row.superseded_at is None) for row in choices] == [(3, False), (3, True)]
    assert set(errors) <= {SIGNED_OUT_AT_FIRST}


def turn_texts(page: Page) -> dict[str, str]:
    """The last turn's responses as the server has them: what the browser shows is rendered Markdown."""
    conversation = page.evaluate(
        """async () => {
          const id = location.pathname.split('/').at(-1)
          const assignment = await (await fetch(`/api/v1/assignments/${id}`)).json()
          return (await fetch(`/api/v1/conversations/${assignment.conversation_id}`)).json()
        }"""
    )
    return {candidate["shown"]: candidate["text"] for candidate in conversation["turns"][-1]["candidates"]}


def test_a_reload_while_the_candidates_are_written_loses_nothing(
    web: Process, page: Page, policies: Recording, errors: Errors
) -> None:
    join(page)
    say(page, "Tell me about ferns.")
    expect(page.get_by_role("article", name="Response A")).to_contain_text("writing…")
    page.reload()
    wait_for_both(page)
    assert len(policies.dialogues) == 2  # one request per candidate: nothing was sampled again
    page.keyboard.press("8")
    page.get_by_label("Your message").fill("A draft that is not sent")
    page.reload()
    expect(page.get_by_label("Your message")).to_have_value("A draft that is not sent")
    assert set(errors) <= {SIGNED_OUT_AT_FIRST}


def test_a_finished_assignment_gives_its_code(web: Process, page: Page, errors: Errors) -> None:
    join(page)
    for number in range(1, 6):
        expect(page.get_by_role("heading", name=f"Conversation {number} of 5")).to_be_visible()
        say(page, f"Question {number}")
        wait_for_both(page)
        page.keyboard.press("1")
        page.get_by_role("button", name="Finish conversation").click()
        page.get_by_role("button", name=re.compile("Finish and go on|Finish the assignment")).click()
    expect(page.get_by_text("Your completion code")).to_be_visible()
    assert set(errors) <= {SIGNED_OUT_AT_FIRST}


def test_the_crowdworkers_page_stays_below_150_kb_of_compressed_script(web: Process, page: Page) -> None:
    join(page)
    scripts: set[str] = set()
    page.on("request", lambda request: scripts.add(request.url) if request.resource_type == "script" else None)
    page.reload()
    say(page, "Hello?")
    wait_for_both(page)
    loaded = [DIST / urlsplit(url).path.lstrip("/") for url in scripts]
    assert {path.name.split("-")[0] for path in loaded} >= {"index", "markdown"}
    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) < 150_000
