"""Datasheets of tranches that were frozen before there were any."""

from sqlalchemy import select

from app import db
from app.tables import Tranche
from app.tranches import service

AT_ONCE = 3


def without_facts() -> list[str]:
    with db.reading() as session:
        uncounted = select(Tranche.id).where(Tranche.facts.is_(None), Tranche.content_hash != "")
        return list(session.scalars(uncounted.order_by(Tranche.created_at.desc()).limit(AT_ONCE)))


def count_facts(tranche_id: str) -> None:
    """Counted while reading, so that nobody waits for it; written at the end."""
    with db.reading() as session:
        tranche = session.get(Tranche, tranche_id)
        if tranche is None or tranche.facts is not None:
            return
        facts = service.count_facts(session, tranche_id)
    with db.writing() as session:
        session.get_one(Tranche, tranche_id).facts = facts
