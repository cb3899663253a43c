"""Exports as the page lists them."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.exports.schemas import ExportShown
from app.tables import Account, Export, Iteration, TaskKind, Tranche

SHOWN = 50


def newest(session: Session, reader: Account) -> list[ExportShown]:
    return _shown(session, reader)


def shown(session: Session, reader: Account, export: Export) -> ExportShown:
    session.flush()
    return _shown(session, reader, Export.id == export.id)[0]


def _shown(session: Session, reader: Account, *conditions: ColumnElement[bool]) -> list[ExportShown]:
    rows = (
        select(Export, Tranche.name, Iteration.name, Account.username)
        .outerjoin(Tranche, Export.tranche_id == Tranche.id)
        .outerjoin(Iteration, Export.iteration_id == Iteration.id)
        .outerjoin(Account, Export.asked_by == Account.id)
        .where(*conditions)
        .order_by(Export.asked_at.desc(), Export.id)
        .limit(SHOWN)
    )
    return [
        ExportShown(
            id=export.id,
            format=export.format,
            task=export.task_kind,
            tranche=tranche,
            iteration=iteration,
            status=export.status,
            reason=export.reason,
            asked_by=username,
            asked_at=export.asked_at,
            started_at=export.started_at,
            finished_at=export.finished_at,
            expires_at=export.expires_at,
            rows_done=export.rows_done,
            rows_total=export.rows_total,
            bytes=export.bytes,
            sha256=export.sha256,
            file_name=export.file_name,
            allowed=export.task_kind == TaskKind.HELPFULNESS or reader.red_team_opt_in_at is not None,
        )
        for export, tranche, iteration, username in session.execute(rows)
    ]
