"""What things are called that an event is about: an id says nothing to a person."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.audit.schemas import AuditSubject
from app.tables import Account, Comparison, Import, Iteration, SharedImprovement, Study, Turn

NAMES: Mapping[str, Select[str, str]] = {
    "account": select(Account.id, Account.username),
    "iteration": select(Iteration.id, Iteration.name),
    "study": select(Study.id, Study.external_id),
    "import": select(Import.id, Import.file_name),
    "improvement": select(SharedImprovement.id, SharedImprovement.title),
}
"""By the kind of a subject: ids and names."""


def subjects(session: Session, keys: Iterable[str]) -> dict[str, AuditSubject]:
    """By their key, `kind:id` or a kind alone. A comparison is found in its conversation."""
    ids: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        kind, _, id = key.partition(":")
        ids[kind].add(id)
    names: dict[str, dict[str, str]] = {
        kind: dict(session.execute(query.where(query.selected_columns[0].in_(ids[kind]))).tuples().all())
        for kind, query in NAMES.items()
        if ids.get(kind)
    }
    within = _conversations(session, ids.get("comparison", set()))
    found = {}
    for kind, own in ids.items():
        for id in own:
            key = f"{kind}:{id}" if id else kind
            place = within.get(id) if kind == "comparison" else id or None
            found[key] = AuditSubject(key=key, kind=kind, id=place, name=names.get(kind, {}).get(id))
    return found


def _conversations(session: Session, comparison_ids: set[str]) -> dict[str, str]:
    if not comparison_ids:
        return {}
    rows = select(Comparison.id, Turn.conversation_id).join(Turn, Comparison.turn_id == Turn.id)
    return dict(session.execute(rows.where(Comparison.id.in_(comparison_ids))).tuples().all())
