"""What snapshots said to the fixed prompts, as rows."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import db
from app.accounts.own_data import erasure
from app.accounts.own_data.erasure import prompt_hash
from app.settings import get_settings
from app.tables import ConversationStatus, Iteration, Sample, Snapshot, SnapshotKind, TaskKind, TrainingRun
from app.tranches.service import freeze
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_task, make_turn
from worker.samples import register

SAID = {"text": "Hm.", "score": 0.5, "scores": [0.1, 0.5, 0.9]}


def sample(snapshot: Snapshot, pm: Snapshot, text: str) -> Sample:
    said = [{"role": "user", "content": text}]
    return Sample(
        snapshot_id=snapshot.id, pm_id=pm.id, prompt_hash=prompt_hash([text]), prompt=said, is_red_team=False,
        text="Hm.", score=0.5, scores=[0.5],
    )  # fmt: skip


class Ended:
    """A policy run that ended, with samples of its snapshot and of one along the way."""

    def __init__(self) -> None:
        self.directory: Path = get_settings().runs_dir / "w1" / "policy-1"
        self.directory.mkdir(parents=True)
        with db.writing() as session:
            self.run = TrainingRun(module="train_policy", directory="w1/policy-1")
            session.add(self.run)
            session.flush()
            make_snapshot(session, "initial")
            self.pm = make_snapshot(session, "w1-pm", SnapshotKind.PM)
            for name in ("w1-policy", "w1-policy-kl4"):
                row_name = "w1-policy-2" if name == "w1-policy" else name  # a second attempt's row has a number
                make_snapshot(session, row_name, manifest={"name": name}, training_run_id=self.run.id)
        asked = [([user("Which way?")], None), ([user("Curse me.")], "red-team")]
        system = {"role": "system", "content": "Be kind."}
        rows = [
            {
                "snapshot": name, "step": 1, "prompt": [system, *said], "task": task,
                "initial": SAID, "new": {**SAID, "text": f"{name}\x00 says so."},
            }
            for name in ("w1-policy-kl4", "w1-policy")
            for said, task in asked
        ]  # fmt: skip
        (self.directory / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def register(self, session: Session) -> int:
        return register(session, self.run, self.directory, self.pm)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


@pytest.fixture
def ended(engine: Engine) -> Ended:
    return Ended()


def test_samples_of_a_run_are_registered_once_the_initial_policy_s_too(ended: Ended) -> None:
    with db.writing() as session:
        assert ended.register(session) == 6
    with db.writing() as session:
        assert ended.register(session) == 0, "a run that is registered again"
    with db.reading() as session:
        rows = session.execute(select(Snapshot.name, Sample).join(Snapshot, Sample.snapshot_id == Snapshot.id)).all()
        assert sorted((name, row.prompt[0]["content"], row.text) for name, row in rows) == [
            ("initial", "Curse me.", "Hm."),
            ("initial", "Which way?", "Hm."),
            ("w1-policy-2", "Curse me.", "w1-policy says so."),
            ("w1-policy-2", "Which way?", "w1-policy says so."),
            ("w1-policy-kl4", "Curse me.", "w1-policy-kl4 says so."),
            ("w1-policy-kl4", "Which way?", "w1-policy-kl4 says so."),
        ]
        assert all(row.is_red_team == (row.prompt[0]["content"] == "Curse me.") for _, row in rows)
        assert all((row.pm_id, row.scores) == (ended.pm.id, [0.1, 0.5, 0.9]) for _, row in rows)


def test_a_registration_that_is_rolled_back_leaves_nothing_and_is_done_again(ended: Ended) -> None:
    with db.writing() as session:
        unfinished = session.begin_nested()
        ended.register(session)
        unfinished.rollback()  # as when the worker is killed between the rows and the commit
    with db.writing() as session:
        assert ended.register(session) == 6


def test_a_run_without_samples_registers_none(ended: Ended) -> None:
    (ended.directory / "samples.jsonl").unlink()
    with db.writing() as session:
        assert ended.register(session) == 0


def test_what_was_said_to_an_erased_prompt_is_erased(engine: Engine) -> None:
    with db.writing() as session:
        account = make_account(session)
        task = make_task(session, TaskKind.HELPFULNESS)
        for text, who in (("Mine?", account), ("Theirs?", make_account(session))):
            conversation = make_conversation(session, task, who, status=ConversationStatus.COMPLETED)
            make_comparison(session, make_turn(session, conversation, text=text))
        iteration = Iteration(number=1, name="w1", preset="toy", overrides={})
        session.add(iteration)
        session.flush()
        freeze(session, iteration)
        pm, policy = make_snapshot(session, "pm", SnapshotKind.PM), make_snapshot(session, "policy")
        session.add_all([sample(policy, pm, "Mine?"), sample(policy, pm, "Theirs?")])
    with db.writing() as session:
        erasure.erase(session, account.id)
    with db.reading() as session:
        assert session.scalars(select(Sample.prompt_hash)).all() == [prompt_hash(["Theirs?"])]
