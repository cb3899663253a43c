"""Texts, inbox, studies and invitations, and a researcher's preview of the chat, after that first day."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.snapshots import service as snapshots
from app.snapshots.shares import Wanted
from app.tables import (
    Account,
    Iteration,
    IterationStatus,
    Report,
    ReportReason,
    Role,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
    Task,
)
from app.tasks.defaults import HELPFULNESS
from tests.browser.tour.said import SAID
from tests.browser.tour.visitor import Visitor, new_account
from tests.factories import make_conversation, make_snapshot, make_turn


def researchers(visitor: Visitor, mina: Account) -> None:
    two_weeks(mina)
    visitor.sign_in(new_account(Role.ADMIN, username="ana"))
    for path, name in (
        ("/", "50-researcher-preview-tasks"),
        ("/admin/texts", "57-researcher-texts"),
        ("/admin/consent", "58-researcher-consent"),
        ("/admin/inbox/messages", "59-researcher-inbox"),
        (f"/admin/inbox/messages/{mina.id}", "60-researcher-thread"),
        ("/admin/inbox/reports", "61-researcher-reports"),
        ("/admin/studies", "63-researcher-studies"),
        ("/admin/invitations", "64-researcher-invitations"),
    ):
        visitor.visit(path, name)
    visitor.take(HELPFULNESS.slug)  # at this window the instructions have been read
    visitor.page.get_by_text("A preview:").wait_for()
    visitor.shoot("65-researcher-preview-chat")


def two_weeks(mina: Account) -> None:
    """A week that is deployed and one that is being trained; a report."""
    with db.writing() as session:
        done, ago = StageStatus.SUCCEEDED, db.now() - timedelta(days=7)
        first = Iteration(number=1, name="2026-w47", preset="small", overrides={}, status=IterationStatus.DEPLOYED)
        second = Iteration(number=2, name="2026-w48", preset="small", overrides={"policy.rollouts": 256})
        first.created_at, first.finished_at = ago, ago + timedelta(minutes=33)
        minutes = {"freeze_tranche": 0, "train_pm": 11, "evaluate_pm": 2, "train_policy": 15, "evaluate_policy": 4}
        for iteration, start in ((first, ago), (second, db.now() - timedelta(minutes=18))):
            at = start
            for stage, took in (minutes | {"gate": 0, "deploy": 0}).items():
                row = StageRun(stage=stage, status=done, created_at=at, started_at=at)
                at = at + timedelta(minutes=took, seconds=2)
                row.finished_at = at
                if iteration is second and stage in ("train_policy", "evaluate_policy", "gate", "deploy"):
                    row.status = StageStatus.RUNNING if stage == "train_policy" else StageStatus.PENDING
                    row.finished_at = None
                    row.started_at = row.started_at if stage == "train_policy" else None
                iteration.stages.append(row)
            session.add(iteration)
            session.flush()
        policy = snapshot_of_week(session, first, SnapshotKind.POLICY)
        snapshot_of_week(session, first, SnapshotKind.PM)
        for task in session.scalars(select(Task)):
            wanted = [Wanted(policy.name, 90), Wanted("initial", 10)]
            snapshots.deploy(session, task, wanted, reason="Iteration 2026-w47 passed the gate.")
        help_task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        turn = make_turn(session, make_conversation(session, help_task, session.get_one(Account, mina.id)), SAID[1][1:])
        turn.text = SAID[1][0]
        session.add(
            Report(
                candidate_id=turn.candidates[1].id,
                account_id=mina.id,
                reason=ReportReason.BROKEN,
                comment="It stops in the middle of a sentence.",
            )
        )


def snapshot_of_week(session: Session, week: Iteration, kind: SnapshotKind) -> Snapshot:
    """The leaderboard's league may have made it."""
    name = f"{kind}-{week.name}"
    found = session.scalar(select(Snapshot).where(Snapshot.name == name)) or make_snapshot(session, name, kind)
    found.iteration_id = week.id
    return found
