"""The photographer of an installation that runs: signs in, and says which page is not as it should be."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from app import db
from app.accounts import passwords
from app.tables import Role
from crowd import openers
from tests.app.servers import Process
from tests.browser import tour_of
from tests.browser.photographer import Photographer, complaints
from tests.browser.tour_of import SHOWN, prompts_of
from tests.browser.tour_of_people import SAID, passages, words_of
from tests.factories import make_account

pytestmark = pytest.mark.browser


def test_what_is_not_as_it_should_be_is_named(chromium: Browser) -> None:
    with chromium.new_page() as page:
        page.set_content('<main><h1>Gate</h1><p>Elo NaN</p><p data-tone="error">No answer.</p></main>')
        assert list(complaints(page)) == ["it says “No answer.”", "a number is NaN"]
        page.set_content('<main><div style="width: 9000px">There is nothing at this address.</div></main>')
        assert list(complaints(page)) == [
            "it says “There is nothing at this address.”",
            "it has no heading",
            "it scrolls sideways",
        ]


def test_only_prompts_that_were_written_to_be_shown_are_shown(chromium: Browser, tmp_path: Path) -> None:
    with chromium.new_context() as context:
        photographer = Photographer(context, tmp_path)
        basil = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How do I keep basil alive on a windowsill?"},
        ]
        shown = prompts_of([{"prompt": basil}, {"prompt": []}])
        assert shown == ["How do I keep basil alive on a windowsill?"]
        assert photographer.may_show("side-by-side", shown, SHOWN)
        assert photographer.wrong == []
        assert not photographer.may_show("side-by-side", [*shown, "Somebody's words"], SHOWN)
    assert photographer.wrong == ["side-by-side: left out, for 1 of its texts were not written to be shown"]


def test_a_conversation_with_one_word_of_somebody_is_not_shown() -> None:
    said = [opener.prompt for opener in openers.bundled("helpfulness")[:2]]
    one = {"shown": "a", "text": "A policy's response.", "reports": []}
    turns = [{"text": text, "candidates": [one]} for text in said]
    held = {"comment": None, "red_team_plan": None, "imported_from": None, "turns": turns}
    assert set(words_of(held)) == set(said) <= SAID
    reported = {**one, "reports": [{"comment": "Mine."}]}
    rewritten = {**one, "shown": "edited", "text": "My version."}
    others = held | {"comment": "So-so.", "turns": [{"text": "Hello", "candidates": [reported, rewritten]}]}
    assert set(words_of(others)) - SAID == {"So-so.", "Hello", "Mine.", "My version."}
    imported = held | {"imported_from": "rows.jsonl.gz"}
    assert set(words_of(imported)) - SAID == {"A policy's response."}


def test_a_list_may_show_a_piece_of_what_was_written_to_be_shown() -> None:
    text = openers.bundled("helpfulness")[1].prompt

    def row(of: str, piece: str, file: str | None = None) -> dict[str, Any]:
        return {"passage": {"of": of, "parts": [{"text": piece}]}, "imported_from": file}

    policy, covered = row("a", "A policy's words"), {"passage": None, "imported_from": "rows.jsonl.gz"}
    assert list(passages([row("human", f"…{text[10:40]}…"), policy, covered])) == [text]
    assert list(passages([row("human", "Somebody's words"), row("b", "of a file", "rows.jsonl.gz")])) == [
        "Somebody's words",
        "of a file",
    ]


@pytest.mark.broker
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_researcher_alone_gets_pictures(
    chromium: Browser, web: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tour_of, "walk", lambda photographer, *_: photographer.visit("/admin/audit", "16-audit-log"))
    with db.writing() as session:
        for name, role in (("ana", Role.RESEARCHER), ("mina", Role.CROWDWORKER)):
            make_account(session, role, username=name, password_hash=passwords.hashed("correct horse"))
    with pytest.raises(tour_of.Refused, match="does not let “nobody” in: 401"):
        tour_of.photograph(chromium, web.url, "nobody", "correct horse", tmp_path)
    with pytest.raises(tour_of.Refused, match="“mina” is a crowdworker"):
        tour_of.photograph(chromium, web.url, "mina", "correct horse", tmp_path)
    done = tour_of.photograph(chromium, web.url, "ana", "correct horse", tmp_path)
    assert [path.name for path in tmp_path.glob("*.png")] == ["16-audit-log.png"]
    assert done.wrong == []
