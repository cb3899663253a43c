"""One crowdworker's page: the counts, and all that is needed to decide something about a person."""

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from app import tables
from app.crowdworkers import queries, schemas
from app.errors import DomainError
from app.pay import earned
from app.tables import Account, Comparison, Conversation, ConversationStatus, Review, TaskKind, Turn
from app.tasks import qualification

NEWEST, CONVERSATIONS, REVIEWS = 20, 5, 10


class UnknownPerson(DomainError):
    status = 404


def get(session: Session, account_id: str, *, lock: bool = False) -> Account:
    query = select(Account).where(Account.id == account_id, queries.not_erased)
    account = session.scalar(query.with_for_update() if lock else query)
    if account is None:
        raise UnknownPerson("There is no such account.")
    return account


def person(session: Session, account_id: str) -> schemas.OneCrowdworker:
    account = get(session, account_id)
    row = queries.Row(*session.execute(queries.rows().where(Account.id == account.id)).one())
    checks, right = _checks(session, account)
    ended = select(func.count()).select_from(Conversation).join(tables.Task, Conversation.task_id == tables.Task.id)
    ended = ended.where(Conversation.account_id == account.id, tables.Task.kind == TaskKind.RED_TEAM)
    return schemas.OneCrowdworker(
        **dict(queries.line(row, queries.count_all(session))),
        external_id=account.external_id,
        role=account.role,
        red_team_opt_in=account.red_team_opt_in_at is not None,
        has_password=account.password_hash is not None,
        exposure=session.scalar(ended.where(Conversation.status != ConversationStatus.OPEN)) or 0,
        checks=checks,
        checks_right=right,
        tasks=_tasks(session, account),
        thread=_thread(session, account),
        visits=_visits(session, account),
        assignments=_assignments(session, account),
        latest=_latest(session, account),
        latest_reviews=_reviews(session, account),
    )


# Looked up for each of the few checks: joined, SQLite would begin with all of a crowdworker's turns.
_whose_check = (
    select(Conversation.account_id)
    .join(Turn, Turn.conversation_id == Conversation.id)
    .where(Turn.id == tables.DirectionCheck.turn_id)
    .scalar_subquery()
)


def _checks(session: Session, account: Account) -> tuple[int, int]:
    check = tables.DirectionCheck
    asked = (
        select(func.count(), func.coalesce(func.sum(case((check.right, 1), else_=0)), 0))
        .select_from(check)
        .where(_whose_check == account.id)
    )
    count, right = session.execute(asked).one()
    return count, right


def _tasks(session: Session, account: Account) -> list[schemas.TaskStanding]:
    found = []
    for task in session.scalars(select(tables.Task).order_by(tables.Task.slug)):
        standing = qualification.standing(session, task, account)
        decision = qualification.decision(session, task, account)
        found.append(
            schemas.TaskStanding(
                task=task.slug,
                title=task.current_text.title,
                state=standing.state,
                tries_left=standing.tries_left,
                tries=[
                    schemas.Try(
                        at=row.created_at, text_version=row.text_version, correct=row.correct, passed=row.passed
                    )
                    for row in qualification.attempts(session, task, account)
                ],
                decision=_by_hand(session, decision) if decision else None,
            )
        )
    return found


def _by_hand(session: Session, decision: tables.QualificationDecision) -> schemas.ByHand:
    by = session.get_one(Account, decision.decided_by).username
    return schemas.ByHand(qualified=decision.qualified, by=by, at=decision.decided_at)


def _thread(session: Session, account: Account) -> schemas.TheirThread:
    message = tables.Message
    unread = case(((message.author_id == account.id) & message.read_at.is_(None), 1), else_=0)
    counted = select(func.count(), func.coalesce(func.sum(unread), 0), func.max(message.created_at))
    count, waiting, last_at = session.execute(counted.where(message.account_id == account.id)).one()
    return schemas.TheirThread(messages=count, unread=waiting, last_at=last_at)


def _visits(session: Session, account: Account) -> list[schemas.TheirVisit]:
    rows = (
        select(tables.StudyVisit, tables.Study)
        .join(tables.Study, tables.StudyVisit.study_id == tables.Study.id)
        .where(tables.StudyVisit.account_id == account.id)
        .order_by(tables.StudyVisit.created_at.desc())
        .limit(NEWEST)
    )
    return [
        schemas.TheirVisit(
            provider=study.provider,
            study=study.external_id,
            session=visit.external_session,
            status=visit.status,
            created_at=visit.created_at,
            ended_at=visit.ended_at,
        )
        for visit, study in session.execute(rows)
    ]


def _assignments(session: Session, account: Account) -> list[schemas.Assigned]:
    rows = (
        select(tables.Assignment, tables.Task.slug)
        .join(tables.Task, tables.Assignment.task_id == tables.Task.id)
        .where(tables.Assignment.account_id == account.id)
        .order_by(tables.Assignment.created_at.desc())
        .limit(NEWEST)
    )
    found = session.execute(rows).tuples().all()
    money = earned(session, [assignment for assignment, _ in found])
    return [
        schemas.Assigned(
            id=assignment.id,
            task=slug,
            status=assignment.status,
            conversations=assignment.conversation_count,
            earned=money.get(assignment.id),
            created_at=assignment.created_at,
            completed_at=assignment.completed_at,
        )
        for assignment, slug in found
    ]


def _latest(session: Session, account: Account) -> list[schemas.Held]:
    newest = (
        select(Conversation.id, tables.Task.slug, tables.Task.kind, Conversation.status, Conversation.created_at)
        .join(tables.Task, Conversation.task_id == tables.Task.id)
        .where(Conversation.account_id == account.id, Conversation.preview.is_(False))
        .order_by(Conversation.created_at.desc())
        .limit(CONVERSATIONS)
    )
    found = session.execute(newest).all()
    counted = select(Turn.conversation_id, func.count()).where(Turn.conversation_id.in_([row.id for row in found]))
    turns = dict(session.execute(counted.group_by(Turn.conversation_id)).tuples().all())
    return [
        schemas.Held(
            id=row.id,
            task=row.slug,
            kind=row.kind,
            status=row.status,
            turns=turns.get(row.id, 0),
            created_at=row.created_at,
        )
        for row in found
    ]


def _reviews(session: Session, account: Account) -> list[schemas.Reviewed]:
    reviewer = aliased(Account)
    newest = (
        select(Review, Comparison, Turn.conversation_id, reviewer.username)
        .join(Comparison, Review.comparison_id == Comparison.id)
        .join(Turn, Review.turn_id == Turn.id)
        .join(reviewer, Review.account_id == reviewer.id)
        .where(queries.whose == account.id, Review.picked_id.is_not(None))
        .order_by(Review.created_at.desc())
        .limit(REVIEWS)
    )
    return [
        schemas.Reviewed(
            comparison=comparison.id,
            conversation=conversation_id,
            by=username,
            agreed=review.picked_id == comparison.picked_id,
            note=review.note,
            at=review.created_at,
        )
        for review, comparison, conversation_id, username in session.execute(newest)
    ]
