"""The photographer of an installation that runs: signs in, and says which page is not as it should be."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app import db
from app.accounts import passwords
from app.tables import Role
from tests.app.servers import Process
from tests.browser import tour_of
from tests.browser.tour_of import Photographer, complaints, ours
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
        assert ours(photographer, "side-by-side", [basil, []])
        assert photographer.wrong == []
        assert not ours(photographer, "side-by-side", [basil, [{"role": "user", "content": "Somebody's words"}]])
    assert photographer.wrong == ["side-by-side: left out, for 1 of its prompts are not in worker/shown.jsonl"]


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
