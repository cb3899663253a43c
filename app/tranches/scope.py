"""Which comparisons somebody wants in a file."""

from typing import NamedTuple

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from app.tables import Comparison, Task, TaskKind, TrancheMember
from app.tranches.queries import left_out_because, visible_comparisons


class Scope(NamedTuple):
    task: TaskKind | None = None
    """Only such tasks."""
    tranche_ids: tuple[str, ...] | None = None
    """As they were frozen; None: everything that is frozen or could be now."""

    def comparisons(self) -> Select[Comparison]:
        found = visible_comparisons()
        if self.task:
            found = found.where(Task.kind == self.task)
        if self.tranche_ids is None:
            return found.where(left_out_because().is_(None))
        members = found.join(TrancheMember, TrancheMember.comparison_id == Comparison.id)
        return members.where(TrancheMember.tranche_id.in_(self.tranche_ids))

    def count(self, session: Session) -> int:
        return session.scalar(self.comparisons().with_only_columns(func.count())) or 0
