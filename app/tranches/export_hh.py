"""Comparisons written as a published HH file: imported lines as they came, collected ones rendered from their rows."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from app.tables import Comparison, Conversation, Import
from app.tranches.dialogues import CONVERSATIONS_AT_A_TIME, read_dialogues
from app.tranches.scope import Scope
from app.tranches.transcripts import render_line
from app.tranches.whole_file import Sink


def write_hh(session: Session, scope: Scope, file: Sink) -> Iterator[int]:
    for lines in hh_lines_at_once(session, scope):
        file.write("".join(f"{line}\n" for line in lines).encode())
        yield len(lines)


def hh_lines(session: Session, scope: Scope = Scope()) -> Iterator[str]:  # noqa: B008 - it cannot be changed
    for lines in hh_lines_at_once(session, scope):
        yield from lines


def hh_lines_at_once(session: Session, scope: Scope) -> Iterator[list[str]]:
    """Imported files come first, each in its own order, then what crowdworkers chose, oldest first."""
    comparisons = scope.comparisons().outerjoin(Import, Comparison.import_id == Import.id)
    in_order = comparisons.with_only_columns(Comparison.id, Comparison.import_raw, Conversation.id).order_by(
        Comparison.import_id.is_(None), Import.created_at, Comparison.import_id, Comparison.import_line,
        Comparison.created_at, Comparison.id,
    )  # fmt: skip
    for rows in session.execute(in_order.execution_options(yield_per=CONVERSATIONS_AT_A_TIME)).partitions():
        rendered = _render(session, {conversation_id: None for _, raw, conversation_id in rows if raw is None})
        yield [rendered[comparison_id] if raw is None else raw for comparison_id, raw, _ in rows]


def _render(session: Session, conversation_ids: dict[str, None]) -> dict[str, str]:
    """The lines of all comparisons of these conversations, by comparison."""
    return {
        turn.choice.id: render_line(
            dialogue.before(position), turn.replies[turn.choice.chosen].text, turn.replies[turn.choice.rejected].text
        )
        for dialogue in read_dialogues(session, list(conversation_ids))
        for position, turn in enumerate(dialogue.turns)
        if turn.choice
    }
