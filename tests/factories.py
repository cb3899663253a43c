"""Rows for tests, each with what a test does not care about filled in. They add and flush; the test commits."""

import itertools
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.tables import (
    Account,
    Candidate,
    CandidateStatus,
    ChoiceDirection,
    Comparison,
    Conversation,
    Delivery,
    Deployment,
    Receiver,
    ReceiverKind,
    Role,
    Snapshot,
    SnapshotKind,
    Task,
    TaskKind,
    TaskText,
    Tranche,
    TrancheKind,
    TrancheMember,
    Turn,
    TurnStatus,
)

_count = itertools.count(1)
_Row = TypeVar("_Row")


def _add(session: Session, row: _Row) -> _Row:
    session.add(row)
    session.flush()
    return row


def make_account(session: Session, role: Role = Role.CROWDWORKER, **fields: Any) -> Account:
    fields = {"username": f"person-{next(_count)}", "password_hash": "x", "role": role, "consent_version": 1} | fields
    return _add(session, Account(**fields))


def make_task(session: Session, kind: TaskKind = TaskKind.HELPFULNESS, **fields: Any) -> Task:
    direction = ChoiceDirection.PICK_BETTER if kind == TaskKind.HELPFULNESS else ChoiceDirection.PICK_WORSE
    fields = {"slug": f"{kind}-{next(_count)}", "choice_direction": direction, "system": "Be kind."} | fields
    task = _add(session, Task(kind=kind, **fields))
    _add(session, TaskText(task_id=task.id, version=1, title="Talk", question="Which is better?", instructions="Be."))
    return task


def make_snapshot(
    session: Session, name: str = "", kind: SnapshotKind = SnapshotKind.POLICY, **fields: Any
) -> Snapshot:
    return _add(session, Snapshot(name=name or f"snapshot-{next(_count)}", kind=kind, **fields))


def make_deployment(
    session: Session, task: Task | None, snapshot: Snapshot, share: float = 100, **fields: Any
) -> Deployment:
    fields = {"generation": 1} | fields
    return _add(session, Deployment(task_id=task.id if task else None, snapshot_id=snapshot.id, share=share, **fields))


def make_conversation(
    session: Session, task: Task | None = None, account: Account | None = None, **fields: Any
) -> Conversation:
    task = task or make_task(session)
    account = account or make_account(session)
    fields = {"system": task.system} | fields
    return _add(session, Conversation(task_id=task.id, account_id=account.id, **fields))


def make_turn(
    session: Session, conversation: Conversation | None = None, texts: tuple[str, str] = ("Yes.", "No."), **fields: Any
) -> Turn:
    """A turn that is ready: both candidates done."""
    conversation = conversation or make_conversation(session)
    fields = {"position": len(conversation.turns), "client_id": f"c{next(_count)}", "text": "Hello?"} | fields
    turn = _add(session, Turn(conversation_id=conversation.id, status=TurnStatus.READY, **fields))
    for shown, text in zip("ab", texts, strict=True):
        _add(
            session,
            Candidate(turn_id=turn.id, shown=shown, text=text, status=CandidateStatus.DONE, finish="stop"),
        )
    session.refresh(conversation)
    session.refresh(turn)
    return turn


def make_comparison(session: Session, turn: Turn | None = None, picked: str = "a", **fields: Any) -> Comparison:
    turn = turn or make_turn(session)
    by_shown = {candidate.shown: candidate for candidate in turn.candidates}
    other = "b" if picked == "a" else "a"
    fields = {"strength": 3, "choice_direction": ChoiceDirection.PICK_BETTER, "kind": TrancheKind.BASE} | fields
    comparison = _add(
        session,
        Comparison(
            turn_id=turn.id,
            account_id=turn.conversation.account_id,
            picked_id=by_shown[picked].id,
            other_id=by_shown[other].id,
            **fields,
        ),
    )
    session.refresh(turn)
    return comparison


def make_tranche(session: Session, *members: Comparison, **fields: Any) -> Tranche:
    fields = {"name": f"tranche-{next(_count)}", "kind": TrancheKind.BASE, "content_hash": "h"} | fields
    tranche = _add(session, Tranche(**{"counts": {}, "exclusions": {}} | fields))
    for member in members:
        _add(session, TrancheMember(comparison_id=member.id, tranche_id=tranche.id, content_hash=f"h-{member.id}"))
    return tranche


def make_receiver(session: Session, kind: ReceiverKind = ReceiverKind.WEBHOOK, **fields: Any) -> Receiver:
    """Told of everything."""
    of_kind = {
        ReceiverKind.WEBHOOK: {"address": "https://hooks.example/turnwise", "secret": "whsec_c2VjcmV0"},
        ReceiverKind.MAIL: {"address": "ada@example.org"},
    }
    events = {"events": ["iteration.held", "iteration.failed", "iteration.deployed"]}
    return _add(session, Receiver(kind=kind, **(of_kind[kind] | events | fields)))


def make_delivery(session: Session, receiver: Receiver | None = None, **fields: Any) -> Delivery:
    receiver = receiver or make_receiver(session)
    fields = {"event_id": f"event-{next(_count)}", "event": "iteration.held", "payload": {}} | fields
    return _add(session, Delivery(receiver_id=receiver.id, **fields))
