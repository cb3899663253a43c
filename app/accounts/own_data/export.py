"""One document with everything that is stored about a person."""

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import tables
from app.accounts.own_data.schemas import (
    Choice,
    OwnAccount,
    OwnAssignment,
    OwnConversation,
    OwnData,
    OwnDecision,
    OwnMessage,
    OwnPayment,
    OwnQualification,
    OwnReport,
    OwnSurvey,
    OwnTurn,
    OwnVisit,
    Response,
)
from app.db import now
from app.pay import Money, earned


def own_data(session: Session, account: tables.Account) -> OwnData:
    tasks = dict(session.execute(select(tables.Task.id, tables.Task.slug)).tuples().all())
    return OwnData(
        exported_at=now(),
        account=_person(session, account),
        assignments=_assignments(session, account, tasks),
        conversations=_conversations(session, account, tasks),
        qualifications=_qualifications(session, account, tasks),
        qualification_decisions=_decisions(session, account, tasks),
        study_visits=_visits(session, account),
        payments=_payments(session, account),
        reports=_reports(session, account),
        messages=_messages(session, account),
        wellbeing_surveys=_surveys(session, account),
    )


def _person(session: Session, account: tables.Account) -> OwnAccount:
    agreed = session.get(tables.ConsentText, account.consent_version) if account.consent_version is not None else None
    return OwnAccount(
        username=account.username,
        platform=account.external_provider,
        platform_id=account.external_id,
        role=account.role,
        created_at=account.created_at,
        consented_at=account.consented_at,
        consent_version=account.consent_version,
        consent_text=agreed.body if agreed else None,
        red_team_opt_in_at=account.red_team_opt_in_at,
        may_edit=account.may_edit,
    )


def _assignments(session: Session, account: tables.Account, tasks: dict[str, str]) -> list[OwnAssignment]:
    of_own = select(tables.Assignment).where(tables.Assignment.account_id == account.id)
    rows = session.scalars(of_own.order_by(tables.Assignment.created_at)).all()
    money = earned(session, rows)
    return [
        OwnAssignment(
            task=tasks[row.task_id],
            status=row.status,
            conversations=row.conversation_count,
            completion_code=row.completion_code,
            earned=money.get(row.id),
            created_at=row.created_at,
            completed_at=row.completed_at,
        )
        for row in rows
    ]


def _conversations(session: Session, account: tables.Account, tasks: dict[str, str]) -> list[OwnConversation]:
    of_own = select(tables.Conversation).where(tables.Conversation.account_id == account.id)
    of_own = of_own.order_by(tables.Conversation.created_at).options(
        selectinload(tables.Conversation.turns).selectinload(tables.Turn.candidates),
        selectinload(tables.Conversation.turns).selectinload(tables.Turn.comparisons),
    )
    checks = dict(
        session.execute(
            select(tables.DirectionCheck.turn_id, tables.DirectionCheck.right)
            .join(tables.Turn, tables.DirectionCheck.turn_id == tables.Turn.id)
            .join(tables.Conversation)
            .where(tables.Conversation.account_id == account.id)
        )
        .tuples()
        .all()
    )
    return [
        OwnConversation(
            id=row.id,
            task=tasks[row.task_id],
            status=row.status,
            preview=row.preview,
            created_at=row.created_at,
            completed_at=row.completed_at,
            red_team_plan=row.red_team_plan,
            comment=row.comment,
            overall_rating=row.overall_rating,
            attack_success=row.attack_success,
            attack_harm=row.attack_harm,
            attack_actionability=row.attack_actionability,
            turns=[_turn(turn, checks.get(turn.id)) for turn in row.turns],
        )
        for row in session.scalars(of_own)
    ]


def _turn(turn: tables.Turn, check: bool | None) -> OwnTurn:
    shown = {candidate.id: candidate.shown for candidate in turn.candidates}
    return OwnTurn(
        message=turn.text,
        sent_at=turn.created_at,
        pasted_characters=turn.pasted_characters,
        private_kinds=turn.private_kinds,
        # Also an edit that was taken back: it is theirs. Not what is being written: best-of-k would give itself away.
        responses=[
            Response.model_validate(candidate, from_attributes=True)
            for candidate in turn.candidates
            if candidate.status != tables.CandidateStatus.PENDING
        ],
        choices=[
            Choice.model_validate(
                {
                    "picked": shown[row.picked_id],
                    "over": shown[row.other_id],
                    "strength": row.strength,
                    "at": row.created_at,
                    "seconds_to_choose": row.seconds_to_choose,
                    "superseded_at": row.superseded_at,
                }
            )
            for row in turn.comparisons
        ],
        direction_check_right=check,
    )


def _qualifications(session: Session, account: tables.Account, tasks: dict[str, str]) -> list[OwnQualification]:
    attempts = select(tables.QualificationAttempt).where(tables.QualificationAttempt.account_id == account.id)
    return [
        OwnQualification(
            task=tasks[row.task_id],
            text_version=row.text_version,
            picked=row.picked,
            correct=row.correct,
            passed=row.passed,
            at=row.created_at,
        )
        for row in session.scalars(attempts.order_by(tables.QualificationAttempt.created_at))
    ]


def _decisions(session: Session, account: tables.Account, tasks: dict[str, str]) -> list[OwnDecision]:
    decision = tables.QualificationDecision
    rows = select(decision).where(decision.account_id == account.id).order_by(decision.decided_at)
    return [
        OwnDecision(task=tasks[row.task_id], qualified=row.qualified, at=row.decided_at)
        for row in session.scalars(rows)
    ]


def _payments(session: Session, account: tables.Account) -> list[OwnPayment]:
    rows = (
        select(tables.Payment, tables.PayExport.created_at)
        .outerjoin(tables.PayExport, tables.Payment.export_id == tables.PayExport.id)
        .where(tables.Payment.account_id == account.id)
        .order_by(tables.Payment.created_at)
    )
    return [
        OwnPayment(
            kind="assignment" if row.assignment_id else "bonus",
            amount=Money(cents=row.cents, currency=row.currency),
            reason=row.reason,
            exported_at=at,
        )
        for row, at in session.execute(rows)
    ]


def _visits(session: Session, account: tables.Account) -> list[OwnVisit]:
    rows = (
        select(tables.StudyVisit, tables.Study)
        .join(tables.Study, tables.StudyVisit.study_id == tables.Study.id)
        .where(tables.StudyVisit.account_id == account.id)
        .order_by(tables.StudyVisit.created_at)
    )
    return [
        OwnVisit(
            platform=study.provider,
            study=study.external_id,
            session=visit.external_session,
            status=visit.status,
            at=visit.created_at,
        )
        for visit, study in session.execute(rows)
    ]


def _reports(session: Session, account: tables.Account) -> list[OwnReport]:
    rows = select(tables.Report, tables.Candidate.text).join(tables.Candidate).order_by(tables.Report.created_at)
    return [
        OwnReport(response=text, reason=row.reason, comment=row.comment, at=row.created_at)
        for row, text in session.execute(rows.where(tables.Report.account_id == account.id))
    ]


def _messages(session: Session, account: tables.Account) -> list[OwnMessage]:
    rows = select(tables.Message).where(tables.Message.account_id == account.id).order_by(tables.Message.created_at)
    return [
        OwnMessage(author="you" if row.author_id == account.id else "researchers", text=row.text, at=row.created_at)
        for row in session.scalars(rows)
    ]


def _surveys(session: Session, account: tables.Account) -> list[OwnSurvey]:
    rows = select(tables.WellbeingSurvey).where(tables.WellbeingSurvey.account_id == account.id)
    return [
        OwnSurvey(feelings=row.feelings, comment=row.comment, at=row.created_at)
        for row in session.scalars(rows.order_by(tables.WellbeingSurvey.created_at))
    ]
