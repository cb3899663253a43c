"""A tranche's datasheet (after Gebru et al. 2021, "Datasheets for Datasets"): from its row, never from its members.

What takes a pass over the members was counted when it was frozen; here only what changes later is looked up: which
iterations trained on it, and how much of it has been erased since.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import Iteration, IterationTranche, Snapshot, Task, TaskText, Tranche, TrancheKind
from app.tranches import schemas

ONE_PERSON = 0.25
"""From this share on, one crowdworker's taste is worth a warning."""
ONE_SIDE = 0.05
"""So far from a half may the share of A be before it is worth a warning, where there are enough choices to tell."""
ENOUGH = 400
"""Choices: the standard error of a share near a half is then 0.025."""


class UnknownTranche(DomainError):
    status = 404


def lines(session: Session) -> list[schemas.TrancheLine]:
    """All tranches, newest first."""
    rows = select(Tranche, Iteration).outerjoin(Iteration, Tranche.iteration_id == Iteration.id)
    in_order = rows.order_by(Tranche.created_at.desc(), Tranche.name)
    return [schemas.TrancheLine.model_validate(_line(*row)) for row in session.execute(in_order).tuples()]


def named(session: Session, name: str) -> Tranche:
    """By its name, or by its id."""
    found = session.scalar(select(Tranche).where(or_(Tranche.name == name, Tranche.id == name)))
    if found is None:
        names = session.scalars(select(Tranche.name).order_by(Tranche.created_at.desc()).limit(10)).all()
        there_are = f"the newest are {', '.join(names)}" if names else "there are none yet"
        raise UnknownTranche(f"There is no tranche “{name}”; {there_are}.")
    return found


def datasheet(session: Session, tranche: Tranche) -> schemas.Datasheet:
    iteration = session.get(Iteration, tranche.iteration_id) if tranche.iteration_id else None
    facts = schemas.Facts.model_validate(tranche.facts) if tranche.facts else None
    if facts:
        _ask_again(session, facts.texts)
    return schemas.Datasheet.model_validate(
        _line(tranche, iteration)
        | {
            "by_task": _by_task(session, tranche.counts.get("by_task", {})),
            "by_strength": tranche.counts.get("by_strength", {}),
            "exclusions": tranche.exclusions,
            "facts": facts,
            "trained": _trained(session, tranche),
            "limits": list(_limits(tranche, facts)),
            "commands": {
                "export": f"turnwise export --format hh --tranche {tranche.name} {tranche.name}.jsonl.gz",
                "datasheet": f"turnwise datasheet {tranche.name}",
                "check": f"turnwise datasheet --check {tranche.name}",
            },
        }
    )


def _line(tranche: Tranche, iteration: Iteration | None) -> dict[str, object]:
    return {
        "id": tranche.id,
        "name": tranche.name,
        "kind": tranche.kind,
        "created_at": tranche.created_at,
        "frozen_by": _named(iteration) if iteration else None,
        "content_hash": tranche.content_hash,
        "comparisons": tranche.counts.get("comparisons", 0),
        "conversations": tranche.counts.get("conversations", 0),
        "left_out": sum(tranche.exclusions.values()),
        "erased": tranche.erased,
    }


def _named(iteration: Iteration) -> schemas.IterationName:
    return schemas.IterationName(id=iteration.id, name=iteration.name, status=iteration.status)


def _by_task(session: Session, counts: Mapping[str, int]) -> list[schemas.TaskCount]:
    kinds = dict(session.execute(select(Task.slug, Task.kind).where(Task.slug.in_(counts))).tuples().all())
    return [schemas.TaskCount(slug=slug, kind=kinds[slug], comparisons=n) for slug, n in counts.items()]


def _ask_again(session: Session, texts: list[schemas.TextVersion]) -> None:
    """With each version's question, as it was."""
    asked = select(Task.slug, TaskText.version, TaskText.question).join(TaskText, TaskText.task_id == Task.id)
    rows = session.execute(asked.where(Task.slug.in_({text.task for text in texts})))
    questions = {(slug, version): question for slug, version, question in rows}
    for text in texts:
        text.question = questions.get((text.task, text.version)) if text.version else None


def _trained(session: Session, tranche: Tranche) -> list[schemas.Trained]:
    iterations = (
        select(Iteration)
        .join(IterationTranche, IterationTranche.iteration_id == Iteration.id)
        .where(IterationTranche.tranche_id == tranche.id)
        .order_by(Iteration.number)
    )
    found = session.scalars(iterations).all()
    made = select(Snapshot).where(Snapshot.iteration_id.in_([iteration.id for iteration in found]))
    snapshots = session.scalars(made.order_by(Snapshot.created_at, Snapshot.name)).all()
    return [
        schemas.Trained(
            iteration=_named(iteration),
            snapshots=[
                schemas.SnapshotName(name=one.name, kind=one.kind)
                for one in snapshots
                if one.iteration_id == iteration.id
            ],
        )
        for iteration in found
    ]


def _limits(tranche: Tranche, facts: schemas.Facts | None) -> Iterator[str]:
    total = tranche.counts.get("comparisons", 0)
    if tranche.erased:
        yield (
            f"{tranche.erased:,} of {total:,} comparisons were erased at their crowdworker's wish after it was frozen: "
            "their hashes still count, their words are gone from exports and from new training."
        )
    if facts is None:
        yield "It was frozen by an older release, and a job has yet to count what a datasheet tells."
        return
    if tranche.kind == TrancheKind.IMPORTED:
        yield "Its comparisons come from files: who chose, how strongly, how fast and on which side is not known."
    largest = facts.crowdworkers.largest
    if largest and total and largest[0] > ONE_PERSON * total:
        yield f"One crowdworker gave {_percent(largest[0], total)} of it: it tells much of one person's taste."
    of_people = total - facts.crowdworkers.of_nobody
    if of_people >= ENOUGH and abs(facts.first_picked / of_people - 0.5) > ONE_SIDE:
        yield f"The response shown as A was picked in {_percent(facts.first_picked, of_people)} of the choices."
    unequal = total - facts.equally_long
    if unequal >= ENOUGH and facts.longer_chosen / unequal > 0.5 + ONE_SIDE:
        yield f"The longer response was chosen in {_percent(facts.longer_chosen, unequal)} of the comparisons."
    if not facts.by_split.get("test"):
        yield "None of its dialogue families is on the test side: no evaluation can be made of this tranche alone."
    yield "Scripts are told apart by letters; which languages these are is not known."
    yield "People chose here between two responses each; nobody else has judged the same pairs."


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.0f} %"
