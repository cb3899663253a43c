"""What researchers change about a task: its texts, by version, and its settings. Both leave a trace."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.edition import refuse_overtaken, version_of
from app.errors import DomainError
from app.tables import Account, Task, TaskText
from app.tasks import schemas


class PassMarkTooHigh(DomainError):
    status = 422


class TextOvertaken(DomainError):
    status = 409


CHANGE = "change-task"


def versions(session: Session, task: Task) -> list[schemas.TaskText]:
    """Every text this task ever had, newest first."""
    rows = (
        select(TaskText, Account.username)
        .outerjoin(Account, TaskText.created_by == Account.id)
        .where(TaskText.task_id == task.id)
        .order_by(TaskText.version.desc())
    )
    return [_view(text, author) for text, author in session.execute(rows)]


def publish(session: Session, task: Task, new: schemas.PublishedText, author: Account) -> schemas.TaskText:
    """A new version, which is shown from now on. The task must be locked: of two researchers at once the second is told
    of the first one's version, if it says which one it has seen."""
    if new.based_on is not None and new.based_on != task.text_version:
        raise TextOvertaken(
            f"Version {task.text_version} was published meanwhile, and you began with version {new.based_on}; look at "
            "it first. Nothing of yours is published yet."
        )
    _refuse_pass_mark(task.pass_mark, len(new.qualification))
    latest = session.scalar(select(func.max(TaskText.version)).where(TaskText.task_id == task.id))
    text = TaskText(
        task_id=task.id, version=(latest or 0) + 1, created_by=author.id, **new.model_dump(exclude={"based_on"})
    )
    session.add(text)
    before, after = {"text_version": task.text_version}, {"text_version": text.version}
    task.text_version = text.version
    audit(session, author, "publish-text", f"task:{task.slug}", before=before, after=after)
    session.flush()
    session.refresh(task, ["current_text"])
    return _view(text, author.username)


def settings(session: Session, task: Task) -> schemas.SettingsShown:
    return schemas.SettingsShown(**_settings(task), version=version_of(session, f"task:{task.slug}", [CHANGE]))


def _settings(task: Task) -> dict[str, Any]:
    return schemas.TaskSettings.model_validate(task).model_dump()


def change_settings(
    session: Session, task: Task, new: schemas.ChangedSettings, author: Account
) -> schemas.SettingsShown:
    """All of them, or nothing. The task must be locked."""
    refuse_overtaken(session, f"task:{task.slug}", [CHANGE], new.version, "these settings")
    _refuse_pass_mark(new.pass_mark, len(task.current_text.qualification))
    before, after = _settings(task), new.model_dump(exclude={"version"})
    for name, value in after.items():
        setattr(task, name, value)
    if after != before:
        audit(session, author, CHANGE, f"task:{task.slug}", before=before, after=after)
    session.flush()
    return settings(session, task)


def _refuse_pass_mark(pass_mark: int, pairs: int) -> None:
    """Nobody could pass. Without pairs nobody needs to."""
    if pairs and pass_mark > pairs:
        raise PassMarkTooHigh(
            f"pass_mark: {pass_mark} right answers cannot be given to {pairs} worked pair{'s' if pairs > 1 else ''}."
        )


def _view(text: TaskText, author: str | None) -> schemas.TaskText:
    return schemas.TaskText(
        version=text.version,
        title=text.title,
        question=text.question,
        instructions=text.instructions,
        guide=text.guide,
        qualification=text.qualification,
        created_at=text.created_at,
        created_by=author,
    )
