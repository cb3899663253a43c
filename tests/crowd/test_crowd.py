"""The crowd against the real web process and scripted policies: what it reports is what the rows say."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import db
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    Candidate,
    Comparison,
    Conversation,
    ConversationStatus,
    Turn,
)
from crowd.crowd import Plan, run
from crowd.judges import Length
from crowd.openers import bundled
from tests.app.servers import WEB_WITH_SHORT_LEASES, Process
from tests.conftest import free_port

pytestmark = pytest.mark.broker


def plan(url: str, **fields: object) -> Plan:
    small = {"crowdworkers": 3, "conversations": 6, "turns": 2, "task": "helpfulness", "noise": 0.0, "seed": 1}
    return Plan(url, **{**small, **fields})  # type: ignore[arg-type]


def count(row: type[db.Base]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def choices() -> list[tuple[str, str, int | None]]:
    """Of every turn, the texts picked and not picked, and the strength."""
    with db.reading() as session:
        current = session.scalars(select(Comparison).where(Comparison.superseded_at.is_(None))).all()
        text = dict(session.execute(select(Candidate.id, Candidate.text)).tuples().all())
    return [(text[row.picked_id], text[row.other_id], row.strength) for row in current]


def test_a_crowd_holds_its_conversations_and_reports_what_the_rows_say(url: str) -> None:
    summary = run(plan(url), Length(), bundled("helpfulness"))
    assert summary.whole, summary.lines()
    assert (summary.done.conversations, summary.done.turns, summary.done.choices) == (6, 12, 12)
    assert summary.done.failures == []
    assert (count(Turn), len(choices()), count(Account)) == (12, 12, 3)
    assert count(Comparison) == 12 + summary.done.changed
    assert all(len(picked) >= len(other) for picked, other, _ in choices())
    assert len({strength for *_, strength in choices()}) > 1, "strength is graded"
    with db.reading() as session:
        statuses = session.scalars(select(Conversation.status)).all()
        assert statuses.count(ConversationStatus.COMPLETED) == 6
        assert set(statuses) <= {ConversationStatus.COMPLETED, ConversationStatus.WITHDRAWN}, "nothing is left open"
        assert AssignmentStatus.OPEN not in session.scalars(select(Assignment.status)).all()
        openers = set(session.scalars(select(Turn.text).where(Turn.position == 0)))
    assert openers <= {opener.prompt for opener in bundled("helpfulness")}
    assert len(openers) == 6


def test_red_teamers_opt_in_and_pick_the_worse(url: str) -> None:
    summary = run(plan(url, task="red-team", crowdworkers=2, conversations=2), Length(), bundled("red-team"))
    assert summary.whole, summary.lines()
    assert all(len(picked) <= len(other) for picked, other, _ in choices())
    with db.reading() as session:
        assert all(session.scalars(select(Account.red_team_opt_in_at)))
        conversations = session.scalars(select(Conversation).where(Conversation.status == "completed")).all()
    assert all(conversation.red_team_plan for conversation in conversations)


def test_a_web_process_killed_at_work_loses_and_doubles_nothing(policies: None) -> None:
    web = Process("-c", WEB_WITH_SHORT_LEASES, port=free_port())
    summaries = []
    crowd = threading.Thread(
        target=lambda: summaries.append(run(plan(web.url, crowdworkers=4, turns=3), Length(), bundled("helpfulness")))
    )
    crowd.start()
    while count(Comparison) < 3 and crowd.is_alive():
        time.sleep(0.02)
    web.kill()
    time.sleep(0.5)
    web.start()
    crowd.join()
    web.kill()
    (summary,) = summaries
    assert summary.done.repeated > 0, "the crowd did not notice the kill"
    assert summary.whole, summary.lines()
    assert summary.done.failures == []
    assert (count(Turn), len(choices())) == (18, 18)


def test_the_command_ends_in_a_summary_and_an_exit_code(url: str, tmp_path: Path) -> None:
    openers = tmp_path / "mine.jsonl"
    openers.write_text('{"prompt": "What is a tide?"}\n')
    command = [sys.executable, "-m", "crowd", "--crowdworkers", "1", "--conversations", "1"]
    more = ["--url", url, "--turns", "1", "--judge", "keyword", "--openers", str(openers), "--profiles", "careful,lazy"]
    done = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 of 1 conversations, 1 turns, 1 choices")
    with db.reading() as session:
        assert session.scalars(select(Turn.text)).all() == ["What is a tide?"]

    nowhere = ["--url", f"http://127.0.0.1:{free_port()}"]
    gone = subprocess.run([*command, *nowhere, "--patience", "0.1"], capture_output=True, text=True, check=False)
    assert gone.returncode == 1
    assert "0 of 1 conversations" in gone.stdout
    assert "Gave up after 0.1 s" in gone.stdout
    bad = subprocess.run([*command, "--judge", "taste"], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stderr.count("\n")) == (3, 1)
