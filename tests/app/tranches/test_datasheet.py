"""A tranche's datasheet: as JSON for the page, as Markdown for a file, and whether its words are still the same."""

import pytest
from sqlalchemy import null, update
from sqlalchemy.orm import Session

from app import cli, db
from app.accounts.own_data import erasure
from app.tables import Account, Candidate, ConversationStatus, Iteration, Role, SnapshotKind, Tranche
from app.tranches import datasheet
from app.tranches.hashes import check
from app.tranches.printed import markdown
from app.tranches.service import freeze
from tests.app.conftest import Browser
from tests.app.tranches.test_freeze import make_iteration
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_task, make_turn
from worker import tranches

FORGETFUL = "somebody who leaves"


class Week:
    """Four comparisons in three conversations, one of them by somebody who will leave; one more is left out."""

    def __init__(self, session: Session) -> None:
        task = make_task(session, slug="talk")
        ada = make_account(session, username="ada")
        self.leaver = make_account(session, username=FORGETFUL)
        for account, turns in ((ada, 2), (ada, 1), (self.leaver, 1)):
            conversation = make_conversation(session, task, account, status=ConversationStatus.COMPLETED)
            for _ in range(turns):
                turn = make_turn(session, conversation, ("Yes, of course.", "No."))
                make_comparison(session, turn, text_version=1, seconds_to_choose=4.0)
        left_out = make_conversation(session, task, ada, status=ConversationStatus.COMPLETED)
        make_comparison(session, make_turn(session, left_out), excluded_reason="too fast")
        iteration = make_iteration(session)
        (self.tranche,) = freeze(session, iteration)
        make_snapshot(session, "pm-w48", SnapshotKind.PM, iteration_id=iteration.id)
        session.commit()
        self.iteration: Iteration = iteration


@pytest.fixture
def week(session: Session) -> Week:
    return Week(session)


def test_the_list_names_who_froze_it_and_how_much_it_holds(browser: Browser, session: Session, week: Week) -> None:
    (line,) = browser(committed(session, Role.RESEARCHER)).get("/tranches").json()
    assert line == {
        "id": week.tranche.id,
        "name": "2026-w48-base",
        "kind": "base",
        "created_at": line["created_at"],
        "frozen_by": {"id": week.iteration.id, "name": "2026-w48", "status": "running"},
        "content_hash": week.tranche.content_hash,
        "comparisons": 4,
        "conversations": 3,
        "left_out": 1,
        "erased": 0,
    }


def committed(session: Session, role: Role) -> Account:
    account = make_account(session, role)
    session.commit()
    return account


def test_a_datasheet_says_what_was_asked_left_out_and_made_of_it(
    browser: Browser, session: Session, week: Week
) -> None:
    sheet = browser(committed(session, Role.RESEARCHER)).get("/tranches/2026-w48-base").json()
    assert sheet["by_task"] == [{"slug": "talk", "kind": "helpfulness", "comparisons": 4}]
    assert sheet["exclusions"] == {"too fast": 1}
    assert sheet["facts"]["crowdworkers"] == {"count": 2, "largest": [3, 1], "of_nobody": 0}
    assert sheet["facts"]["texts"] == [{"task": "talk", "version": 1, "comparisons": 4, "question": "Which is better?"}]
    (trained,) = sheet["trained"]
    assert (trained["iteration"]["name"], trained["snapshots"]) == ("2026-w48", [{"name": "pm-w48", "kind": "pm"}])
    assert any("One crowdworker gave 75 % of it" in limit for limit in sheet["limits"])
    assert "version 1 | 4 | Which is better?" in markdown(datasheet.datasheet(session, week.tranche))


def test_a_tranche_that_does_not_exist_is_one_sentence_with_those_that_do(
    browser: Browser, session: Session, week: Week
) -> None:
    answer = browser(committed(session, Role.RESEARCHER)).get("/tranches/w1")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no tranche “w1”; the newest are 2026-w48-base."


def test_crowdworkers_see_no_tranche(browser: Browser, session: Session, week: Week) -> None:
    http = browser(committed(session, Role.CROWDWORKER))
    assert [http.get(path).status_code for path in ("/tranches", "/tranches/2026-w48-base")] == [403, 403]


def test_the_markdown_is_a_file_and_what_the_command_prints(
    browser: Browser, session: Session, week: Week, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = browser(committed(session, Role.RESEARCHER)).get("/tranches/2026-w48-base/markdown")
    assert answer.headers["content-disposition"] == 'attachment; filename="2026-w48-base.md"'
    assert answer.text.startswith("# Datasheet: 2026-w48-base\n\n4 comparisons of the kind “base” in 3 conversations")
    assert "Seconds to choose: median 4, 90 % between 4 and 4 (4 choices)." in answer.text
    assert FORGETFUL not in answer.text
    assert cli.main(["datasheet", "2026-w48-base"]) == 0
    assert capsys.readouterr().out == answer.text


def test_what_somebody_had_erased_is_counted_and_the_hash_still_holds(session: Session, week: Week) -> None:
    erasure.erase(session, week.leaver.id)
    session.commit()
    session.refresh(week.tranche)
    assert check(session, week.tranche) == (4, 0, 1, week.tranche.content_hash)
    limits = datasheet.datasheet(session, week.tranche).limits
    assert limits[0].startswith("1 of 4 comparisons were erased at their crowdworker's wish")


def test_a_word_that_was_changed_is_found(session: Session, week: Week, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["datasheet", "--check", "2026-w48-base"]) == 0
    session.execute(update(Candidate).where(Candidate.text == "No.").values(text="Nope."))
    session.commit()
    assert cli.main(["datasheet", "--check", "2026-w48-base"]) == 1
    assert (
        "2026-w48-base: NOT as it was frozen.\n  4 comparisons, 0 of them erased, 4 changed" in capsys.readouterr().out
    )


def test_a_tranche_of_an_older_release_is_counted_by_a_job_to_the_same_facts(session: Session, week: Week) -> None:
    counted = week.tranche.facts
    session.execute(update(Tranche).values(facts=null()))
    session.commit()
    assert tranches.without_facts() == [week.tranche.id]
    tranches.count_facts(week.tranche.id)
    tranches.count_facts(week.tranche.id)
    with db.reading() as reader:
        assert reader.get_one(Tranche, week.tranche.id).facts == counted
    assert tranches.without_facts() == []


def test_without_facts_a_datasheet_says_that_they_are_being_counted(session: Session, week: Week) -> None:
    week.tranche.facts = None
    sheet = datasheet.datasheet(session, week.tranche)
    assert sheet.facts is None
    assert "a job has yet to count" in sheet.limits[0]
    assert "## How it came about" in markdown(sheet)
