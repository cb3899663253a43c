"""One conversation in full: every turn with both candidates, and every field of its comparisons.

Who writes down which policy answered sees it here; the inbox of reports and the reviews stay blind.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import tables
from app.errors import DomainError
from app.explorer import schemas
from app.explorer.queries import split_of
from app.tables import Candidate, Comparison, Conversation, ConversationStatus, TaskKind, Tranche, TrancheMember, Turn
from app.tranches.queries import is_frozen, left_out_because, visible_comparisons


class UnknownConversation(DomainError):
    status = 404


def transcript(session: Session, conversation_id: str, *, opened: bool = False) -> schemas.Transcript:
    """Of a red-team conversation only what is no words, unless it is opened."""
    conversation = _counted(session, conversation_id)
    covered = conversation.task.kind == TaskKind.RED_TEAM and not opened
    return _Reader(session, conversation, covered).read()


def comparison(session: Session, comparison_id: str) -> schemas.ComparisonShown:
    row = session.get_one(Comparison, comparison_id)
    reader = _Reader(session, _counted(session, row.turn.conversation_id), covered=True)
    return reader.comparison(row)


def is_red_team(session: Session, conversation_id: str) -> bool:
    return _counted(session, conversation_id).task.kind == TaskKind.RED_TEAM


def _counted(session: Session, conversation_id: str) -> Conversation:
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.preview or conversation.status == ConversationStatus.IMPORTING:
        raise UnknownConversation("There is no such conversation.")
    if conversation.erased_at is not None:
        raise UnknownConversation("This conversation was erased at its crowdworker's wish.")
    return conversation


class _Reader:
    """Rows of one conversation, and the names of what they point at."""

    def __init__(self, session: Session, conversation: Conversation, covered: bool) -> None:
        self.conversation, self.covered = conversation, covered
        self.turns = session.scalars(
            select(Turn)
            .where(Turn.conversation_id == conversation.id)
            .order_by(Turn.position)
            .options(
                selectinload(Turn.candidates),
                selectinload(Turn.comparisons),
                selectinload(Turn.reports),
                selectinload(Turn.direction_check),
            )
        ).all()
        candidates = [candidate for turn in self.turns for candidate in turn.candidates]
        comparisons = [comparison for turn in self.turns for comparison in turn.comparisons]
        reports = [report for turn in self.turns for report in turn.reports]
        ids = {id for one in candidates for id in (one.snapshot_id, one.scored_by_id)}
        self.snapshots = _names(session, tables.Snapshot.id, tables.Snapshot.name, ids)
        held = select(TrancheMember.comparison_id, Tranche.name, TrancheMember.content_hash).join(Tranche)
        held = held.where(TrancheMember.comparison_id.in_([one.id for one in comparisons]))
        self.frozen = {id: (name, content_hash) for id, name, content_hash in session.execute(held)}
        people = {id for one in reports for id in (one.account_id, one.handled_by)} | {conversation.account_id}
        self.people = _names(session, tables.Account.id, tables.Account.username, people)
        self.deployments = {
            row.id: row
            for row in session.scalars(
                select(tables.Deployment).where(tables.Deployment.id.in_({one.deployment_id for one in candidates}))
            )
        }
        waiting = visible_comparisons().where(Turn.conversation_id == conversation.id, ~is_frozen())
        reasons = waiting.with_only_columns(Comparison.id, left_out_because())
        self.left_out: dict[str, str | None] = dict(session.execute(reasons).tuples().all())
        self.account = session.get(tables.Account, conversation.account_id) if conversation.account_id else None
        imported = session.get(tables.Import, conversation.import_id) if conversation.import_id else None
        self.file_name = imported.file_name if imported else None
        entry = select(tables.CatalogueEntry.is_test).where(tables.CatalogueEntry.conversation_id == conversation.id)
        self.is_test = session.scalar(entry)

    def read(self) -> schemas.Transcript:
        row = self.conversation
        return schemas.Transcript(
            id=row.id,
            task=schemas.TaskName(slug=row.task.slug, kind=row.task.kind),
            status=row.status,
            crowdworker=self._crowdworker(),
            imported_from=self.file_name,
            split=split_of(self.is_test),
            family=row.family,
            system=row.system,
            assignment_id=row.assignment_id,
            position=row.position,
            created_at=row.created_at,
            completed_at=row.completed_at,
            overall_rating=row.overall_rating,
            attack_success=row.attack_success,
            attack_harm=row.attack_harm,
            attack_actionability=row.attack_actionability,
            comment=self._words(row.comment),
            red_team_plan=self._words(row.red_team_plan),
            covered=self.covered,
            turns=[self._turn(turn) for turn in self.turns],
        )

    def _crowdworker(self) -> schemas.Crowdworker | None:
        return schemas.Crowdworker.model_validate(self.account, from_attributes=True) if self.account else None

    def _words(self, words: str | None) -> str | None:
        return None if self.covered else words

    def _turn(self, turn: Turn) -> schemas.TurnShown:
        return schemas.TurnShown(
            id=turn.id,
            position=turn.position,
            text=self._words(turn.text),
            status=turn.status,
            error=turn.error,
            attempt=turn.attempt,
            pasted_characters=turn.pasted_characters,
            private_kinds=turn.private_kinds or [],
            direction_understood=turn.direction_check.right if turn.direction_check else None,
            created_at=turn.created_at,
            ready_at=turn.ready_at,
            candidates=[self._candidate(turn, candidate) for candidate in turn.candidates],
            comparisons=[self.comparison(row) for row in turn.comparisons],
        )

    def _candidate(self, turn: Turn, row: Candidate) -> schemas.CandidateShown:
        shown = {candidate.id: candidate.shown for candidate in turn.candidates}
        return schemas.CandidateShown(
            id=row.id,
            shown=row.shown,  # type: ignore[arg-type]  # pydantic checks, here and below
            status=row.status,
            text=self._words(row.text),
            finish=row.finish,
            snapshot=self.snapshots.get(row.snapshot_id or ""),
            deployment=self._deployment(row),
            seed=row.seed,
            sampling=row.sampling,
            best_of=[self._one_of_several(one) for one in row.best_of_texts or []],
            prompt_tokens=row.prompt_tokens,
            completion_tokens=row.completion_tokens,
            first_token_ms=row.first_token_ms,
            total_ms=row.total_ms,
            score=row.score,
            scored_by=self.snapshots.get(row.scored_by_id or ""),
            edited_from=shown.get(row.edited_from_id or ""),  # type: ignore[arg-type]
            is_trunk=row.is_trunk,
            reports=[self._report(report) for report in turn.reports if report.candidate_id == row.id],
        )

    def _deployment(self, row: Candidate) -> schemas.CandidateDeployment | None:
        found = self.deployments.get(row.deployment_id or "")
        return schemas.CandidateDeployment.model_validate(found, from_attributes=True) if found else None

    def _one_of_several(self, one: dict[str, Any]) -> schemas.OneOfSeveral:
        return schemas.OneOfSeveral(text=self._words(one.get("text")), finish=one.get("finish"), score=one.get("score"))

    def _report(self, row: tables.Report) -> schemas.ReportShown:
        return schemas.ReportShown(
            id=row.id,
            reason=row.reason,
            comment=self._words(row.comment),
            reported_by=self.people.get(row.account_id or ""),
            created_at=row.created_at,
            handled_by=self.people.get(row.handled_by or ""),
            handled_at=row.handled_at,
        )

    def comparison(self, row: Comparison) -> schemas.ComparisonShown:
        shown = {candidate.id: candidate.shown for candidate in row.turn.candidates}
        picked, other = shown[row.picked_id], shown[row.other_id]
        better = row.choice_direction == tables.ChoiceDirection.PICK_BETTER
        tranche, content_hash = self.frozen.get(row.id, (None, None))
        return schemas.ComparisonShown(
            id=row.id,
            picked=picked,  # type: ignore[arg-type]
            other=other,  # type: ignore[arg-type]
            chosen=picked if better else other,  # type: ignore[arg-type]
            strength=row.strength,
            choice_direction=row.choice_direction,
            kind=row.kind,
            propensity=row.propensity,
            text_version=row.text_version,
            seconds_to_choose=row.seconds_to_choose,
            created_at=row.created_at,
            superseded_at=row.superseded_at,
            tranche=tranche,
            content_hash=content_hash,
            excluded_reason=row.excluded_reason,
            left_out_because=self.left_out.get(row.id),
            import_line=row.import_line,
        )


def _names(session: Session, id: Any, name: Any, wanted: set[str | None]) -> dict[str, str]:
    rows: Sequence[tuple[str, str]] = session.execute(select(id, name).where(id.in_(wanted - {None}))).tuples().all()
    return dict(rows)
