"""Copies of erased data: run directories, evaluations and live tails."""

import fcntl
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, select, update

from app import db, jobs
from app.accounts.own_data import erasure as rows
from app.settings import get_settings
from app.tables import (
    ConversationStatus,
    Erasure,
    Evaluation,
    Iteration,
    RunStatus,
    SnapshotKind,
    TrainingRun,
    Turn,
)
from app.tranches.families import family_of
from app.tranches.service import conversations_of, freeze
from models.dialogue import read_conversations, read_prompts
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_turn
from worker import erasure, main
from worker.stages.inputs import prompts, with_split, write_lines

SECRET = "zanzibar"


class Copies:
    """A week's run directories with the words of two people, one of whom wants them back."""

    def __init__(self, url: str) -> None:
        self.redis = redis.Redis.from_url(url)
        with db.writing() as session:
            account = make_account(session)
            for text in (f"Where is {SECRET}?", "Which way?"):
                who = account if SECRET in text else make_account(session)
                conversation = make_conversation(
                    session, account=who, status=ConversationStatus.COMPLETED, family=family_of(text)
                )
                make_comparison(session, make_turn(session, conversation, ("Here.", "There."), text=text), "b")
                last = make_turn(session, conversation, (f"I said {text}", "No."), text=f"Sure, {text}")
                make_comparison(session, last)
                self.redis.xadd(f"turn:{last.id}:events", {"kind": "delta", "text": text})
            iteration = Iteration(number=1, name="week", preset="toy", overrides={})
            session.add(iteration)
            session.flush()
            tranches = [tranche.id for tranche in freeze(session, iteration)]
            lines = list(with_split(conversations_of(session, tranches)))
            asked = list(prompts(lines))
            report = {"prompts": 4, "side_by_side": [{**prompt, "new": [{"text": "Hm."}]} for prompt in asked]}
            policy = make_snapshot(session, "week-policy", SnapshotKind.POLICY)
            self.evaluation = Evaluation(snapshot_id=policy.id, kind="evaluate_policy", result=report)
            session.add(self.evaluation)
        self.account, self.runs = account, get_settings().runs_dir / "week"
        for name in ("pm-1", "policy-1", "evaluate-policy-1"):
            (self.runs / name / "checkpoints" / "step-000001").mkdir(parents=True)
        self.comparisons = self.runs / "pm-1" / "comparisons.jsonl"
        write_lines(self.comparisons, lines)
        self.zipped = self.runs / "pm-1" / "comparisons.jsonl.gz"
        self.zipped.write_bytes(gzip.compress(self.comparisons.read_bytes()))
        self.prompts = self.runs / "policy-1" / "prompts.jsonl"
        write_lines(self.prompts, asked)
        said = {"text": "Hm.", "score": 0.0}
        samples = [
            {
                "snapshot": "week-policy",
                "step": 1,
                "prompt": [{"role": "system", "content": one["system"]}, *one["prompt"]],
                "initial": said,
                "new": said,
            }
            for one in asked
        ]
        self.samples = self.runs / "policy-1" / "samples.jsonl"
        write_lines(self.samples, samples)
        self.result = self.runs / "evaluate-policy-1" / "result.json"
        self.result.write_text(json.dumps(report))

    def erase(self, minutes_ago: float = 0) -> str:
        with db.writing() as session:
            rows.erase(session, self.account.id)
            row = session.scalars(select(Erasure)).one()
            row.created_at = db.now() - timedelta(minutes=minutes_ago)
            return row.id

    def files_with_the_secret(self) -> list[str]:
        found = []
        for path in sorted(path for path in self.runs.rglob("*") if path.is_file()):
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found += [path.name] if SECRET.encode() in content else []
        return found

    def row(self) -> Erasure:
        with db.reading() as session:
            return session.scalars(select(Erasure)).one()


@pytest.fixture
def copies(engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Copies:
    monkeypatch.setattr(jobs, "send", lambda name, *ids: None)
    return Copies(redis_url)


def test_the_words_of_one_go_and_those_of_the_other_stay(copies: Copies) -> None:
    assert copies.files_with_the_secret() == [
        "result.json", "comparisons.jsonl", "comparisons.jsonl.gz", "prompts.jsonl", "samples.jsonl",
    ]  # fmt: skip
    erasure.erase_copies(copies.erase(minutes_ago=11))

    assert copies.files_with_the_secret() == []
    for path in (copies.comparisons, copies.zipped):
        (conversation,) = read_conversations(path).conversations
        assert [turn.human for turn in conversation.turns] == ["Which way?", "Sure, Which way?"]
    assert len(read_prompts(copies.prompts)) == 2
    assert len(copies.samples.read_text().splitlines()) == 2
    report = json.loads(copies.result.read_text())
    assert (report["prompts"], len(report["side_by_side"])) == (4, 2)
    with db.reading() as session:
        stored = session.get_one(Evaluation, copies.evaluation.id)
        assert len(stored.result["side_by_side"]) == 2
        assert SECRET not in json.dumps(stored.result)
        erased = {turn.id for turn in session.scalars(select(Turn).where(Turn.text == ""))}
    assert [id for id in erased if copies.redis.exists(f"turn:{id}:events")] == []
    assert len(copies.redis.keys("turn:*")) == 1
    assert copies.row().done_at is not None
    assert [one["prompts"] for one in copies.row().conversations] == [[]], "their hashes are not needed any more"


NOT_JSON = f'{{"id": "x", "turns": [{{"human": "Where is {SECRET}'.encode()
OTHER_SHAPES = [b"[]", b"7", b'{"prompt": 7}', b'{"prompt": ["a"]}', b'{"no": "prompt"}', b"[" * 100_000]


def test_a_line_that_cannot_be_read_is_deleted_and_the_rest_is_erased(
    copies: Copies, caplog: pytest.LogCaptureFixture
) -> None:
    """Whose words it holds cannot be told, so they must not outlive somebody's wish."""
    whole = copies.comparisons.read_bytes()
    copies.comparisons.write_bytes(NOT_JSON + b"\n" + whole + b"\xff\xfe\n")
    copies.zipped.write_bytes(gzip.compress(whole + NOT_JSON))
    with copies.prompts.open("ab") as file:
        file.write(b"".join(line + b"\n" for line in [*OTHER_SHAPES, NOT_JSON]))
    copies.result.write_bytes(NOT_JSON)

    erasure.erase_copies(copies.erase(minutes_ago=11))

    assert copies.files_with_the_secret() == []
    for path in (copies.comparisons, copies.zipped):
        (conversation,) = read_conversations(path).conversations
        assert conversation.turns[0].human == "Which way?"
    assert len(read_prompts(copies.prompts)) == 2
    assert not copies.result.exists()
    assert copies.row().done_at is not None
    told = [record.getMessage() for record in caplog.records if "cannot be read" in record.getMessage()]
    assert f"{copies.comparisons} line 1 cannot be read: it may hold what is to be erased, and is deleted." in told
    assert len(told) == 2 + 1 + len(OTHER_SHAPES) + 1 + 1


@pytest.mark.parametrize("damaged", [lambda whole: whole[:-20], lambda whole: b"no gzip at all"])
def test_a_damaged_compressed_file_is_no_obstacle(copies: Copies, damaged: Callable[[bytes], bytes]) -> None:
    copies.zipped.write_bytes(damaged(copies.zipped.read_bytes()))
    erasure.erase_copies(copies.erase(minutes_ago=11))
    gzip.decompress(copies.zipped.read_bytes())
    assert copies.files_with_the_secret() == []
    assert copies.row().done_at is not None


def test_checkpoints_made_from_erased_inputs_go_too(copies: Copies) -> None:
    """A run that is not complete begins again with what is left, instead of finding inputs it does not know."""
    erasure.erase_copies(copies.erase())
    assert not (copies.runs / "pm-1" / "checkpoints").exists()
    assert not (copies.runs / "policy-1" / "checkpoints").exists()
    assert (copies.runs / "evaluate-policy-1" / "checkpoints").exists()


def test_the_first_pass_is_at_once_and_the_last_one_when_all_has_settled(copies: Copies) -> None:
    id = copies.erase()
    erasure.erase_copies(id)
    assert copies.files_with_the_secret() == []
    assert copies.row().done_at is None
    assert erasure.waiting() == []
    # Somebody was copying rows into a run directory just then.
    copies.prompts.write_text(json.dumps({"prompt": [{"role": "user", "content": f"Where is {SECRET}?"}]}) + "\n")
    with db.writing() as session:
        session.execute(update(Erasure).values(created_at=db.now() - timedelta(minutes=11)))
    assert erasure.waiting() == [id]
    erasure.erase_copies(id)
    assert copies.files_with_the_secret() == []
    assert copies.row().done_at is not None
    assert erasure.waiting() == []


def test_a_run_at_work_keeps_its_inputs_until_it_has_ended(copies: Copies) -> None:
    id = copies.erase(minutes_ago=11)
    with (copies.runs / "pm-1" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        erasure.erase_copies(id)
    assert copies.files_with_the_secret() == ["comparisons.jsonl", "comparisons.jsonl.gz"]
    assert (copies.runs / "pm-1" / "checkpoints").exists()
    assert copies.row().done_at is None
    with db.writing() as session:
        run = TrainingRun(module="train_pm", directory="week/pm-1", status=RunStatus.RUNNING, heartbeat_at=db.now())
        session.add(run)
    assert erasure.waiting() == [], "no use while it runs"
    with db.writing() as session:
        session.execute(update(TrainingRun).values(status=RunStatus.SUCCEEDED))
    assert erasure.waiting() == [id]
    erasure.erase_copies(id)
    assert copies.files_with_the_secret() == []


KILLED = """
import os, sys
from worker import erasure
replace = os.replace
erasure.Path.replace = lambda self, target: (int(sys.argv[2]) <= len(done) and os.kill(os.getpid(), 9),
                                             done.append(target), replace(self, target))[-1]
done = []
erasure.erase_copies(sys.argv[1])
"""


@pytest.mark.parametrize("replaced", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_kill_between_any_two_files_loses_nothing(copies: Copies, replaced: int) -> None:
    id = copies.erase(minutes_ago=11)
    killed = subprocess.run([sys.executable, "-c", KILLED, id, str(replaced)], env=dict(os.environ), check=False)
    assert killed.returncode == -9
    assert len([name for name in copies.files_with_the_secret() if not name.startswith(".")]) == 5 - replaced
    assert {conversation.turns[0].human for conversation in read_conversations(copies.comparisons).conversations} >= {
        "Which way?"
    }
    assert copies.row().done_at is None
    for left in copies.runs.glob("*/.*"):
        os.utime(left, (0, 0))  # an hour later
    erasure.erase_copies(id)
    assert copies.files_with_the_secret() == []
    assert copies.row().done_at is not None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_half_written_files_of_killed_writers_are_swept_and_young_ones_waited_for(copies: Copies) -> None:
    old, fresh = (copies.runs / "pm-1" / f".comparisons.jsonl.{name}" for name in ("old", "fresh"))
    for path in (old, fresh):
        path.write_text(SECRET)
    os.utime(old, (0, 0))
    id = copies.erase(minutes_ago=11)
    erasure.erase_copies(id)
    assert (old.exists(), fresh.exists()) == (False, True)
    assert copies.row().done_at is None
    os.utime(fresh, (0, 0))
    erasure.erase_copies(id)
    assert (fresh.exists(), copies.row().done_at is None) == (False, False)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_may_run_twice_and_an_unknown_one_is_nothing(copies: Copies) -> None:
    id = copies.erase(minutes_ago=11)
    erasure.erase_copies(id)
    done_at = copies.row().done_at
    erasure.erase_copies(id)
    erasure.erase_copies("unknown")
    assert copies.row().done_at == done_at


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_tick_sends_again_what_is_not_done(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(main.celery, "send_task", lambda name, ids=(), **options: sent.append((name, *ids)))
    id = copies.erase(minutes_ago=11)
    main.tick()
    assert ("erase_copies", id) in sent
    assert "erase_copies" in main.celery.tasks


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_redis_it_is_not_done(copies: Copies) -> None:
    id = copies.erase(minutes_ago=11)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
        get_settings.cache_clear()
        with pytest.raises(redis.ConnectionError):
            erasure.erase_copies(id)
    get_settings.cache_clear()
    assert copies.row().done_at is None
    assert erasure.waiting() == [id]
