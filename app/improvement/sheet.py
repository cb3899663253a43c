"""The same prompts from week 0 to week N: a column per week's policy, a row per prompt, and curves over all weeks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import warning
from app.dashboard.figure import Asked, Figure
from app.dashboard.figures import draw
from app.db import now
from app.errors import DomainError
from app.improvement import schemas
from app.improvement.weeks import INITIAL, Week, elos, weeks
from app.leaderboard.schemas import Elo
from app.tables import Account, Conversation, Sample, Snapshot
from app.tranches.families import family_of

COLUMNS = 4  # more than that nobody reads side by side; week 0 is one of them
ROWS = 24
CURVES = ("improvement-elo", "improvement-score", "pm-accuracy")


class UnknownWeek(DomainError):
    status = 422


class TooManyWeeks(DomainError):
    status = 422


class Wanted(NamedTuple):
    """What somebody wants to lay side by side."""

    weeks: Sequence[str] | None = None  # iterations' names; None: chosen here
    red_team: bool = False
    task: str | None = None  # whose Elo


def improvement(session: Session, wanted: Wanted, reader: Account) -> schemas.Improvement:
    """With all weeks that there are to choose from."""
    refuse_unwarned(wanted, reader)
    there, answers = weeks(session), _answers(session)
    choices = [
        schemas.WeekChoice(
            number=week.number,
            name=week.iteration,
            snapshot=week.snapshot,
            status=week.status,
            answers=answers.get(week.snapshot_id, 0),
        )
        for week in there
    ]
    return schemas.Improvement(weeks=choices, sheet=_sheet(session, wanted, there, answers))


def sheet(session: Session, wanted: Wanted, *, public: bool = False) -> schemas.Sheet:
    """`public`: without what a crowdworker has written."""
    return _sheet(session, wanted, weeks(session), _answers(session), public=public)


def refuse_unwarned(wanted: Wanted, reader: Account) -> None:
    if wanted.red_team:
        warning.refuse_unwarned(reader)


def _sheet(
    session: Session, wanted: Wanted, there: list[Week], answers: dict[str, int], *, public: bool = False
) -> schemas.Sheet:
    chosen = _chosen(wanted.weeks, there, answers)
    task, elo = elos(session, wanted.task)
    initial_id = session.scalar(select(Snapshot.id).where(Snapshot.name == INITIAL))
    rows = _rows(session, chosen, initial_id) if chosen and initial_id else []
    red_team = sum(row.is_red_team for row in rows)
    if not wanted.red_team:
        rows = [row for row in rows if not row.is_red_team]
    own = _crowdworkers_own(session, rows) if public else set()
    kept = [row for row in rows if family(row) not in own][:ROWS]
    initial = schemas.SheetColumn(
        number=0, name=INITIAL, snapshot=INITIAL, status=None, pm=chosen[-1].pm if chosen else None,
        elo=schemas.SheetElo(elo=0, low=None, high=None) if elo else None,
    )  # fmt: skip
    return schemas.Sheet(
        columns=[initial, *(_column(week, elo) for week in chosen)],
        rows=kept,
        curves=_curves(session, task),
        task=task,
        red_team_left_out=0 if wanted.red_team else red_team,
        crowdworkers_left_out=len(rows) - len([row for row in rows if family(row) not in own]),
        missing=None if kept else _missing(there, answers, chosen),
        made_at=now(),
    )


def _chosen(names: Sequence[str] | None, there: list[Week], answers: dict[str, int]) -> list[Week]:
    """Those asked for, in order of time; else the first, the last and one in between, of those that have answered."""
    if names is None:
        answered = [week for week in there if answers.get(week.snapshot_id)]
        most = COLUMNS - 1
        if len(answered) <= most:
            return answered
        return [answered[place * (len(answered) - 1) // (most - 1)] for place in range(most)]
    if len(set(names)) > COLUMNS - 1:
        raise TooManyWeeks(
            f"weeks: at most {COLUMNS - 1} beside week 0 can be read side by side, not {len(set(names))}."
        )
    by_name = {week.iteration: week for week in there}
    for name in names:
        if name not in by_name:
            raise UnknownWeek(f"weeks: no iteration “{name}” has trained a policy.")
    return sorted({by_name[name] for name in names}, key=lambda week: week.number)


def _answers(session: Session) -> dict[str, int]:
    """How many prompts each snapshot has answered."""
    counted = select(Sample.snapshot_id, func.count(Sample.prompt_hash.distinct())).group_by(Sample.snapshot_id)
    return dict(session.execute(counted).tuples().all())


def _rows(session: Session, chosen: list[Week], initial_id: str) -> list[schemas.SheetRow]:
    """The prompts that the last chosen week has answered, those first that most of the others have, too."""
    ids = [initial_id, *(week.snapshot_id for week in chosen)]
    found = session.scalars(select(Sample).where(Sample.snapshot_id.in_(ids)).order_by(Sample.created_at, Sample.id))
    by_place: dict[tuple[str, str, str], Sample] = {}
    prompts: dict[str, Sample] = {}
    for sample in found:
        by_place[sample.prompt_hash, sample.snapshot_id, sample.pm_id] = sample
        if sample.snapshot_id == chosen[-1].snapshot_id:
            prompts.setdefault(sample.prompt_hash, sample)

    def answer(prompt: str, snapshot_id: str, pm_id: str | None) -> schemas.SheetAnswer | None:
        sample = by_place.get((prompt, snapshot_id, pm_id or ""))
        if sample is None:
            return None
        before = by_place.get((prompt, initial_id, pm_id or ""))
        gain = sample.score - before.score if before and snapshot_id != initial_id else None
        return schemas.SheetAnswer(text=sample.text, of=len(sample.scores), gain=gain)

    rows = []
    for prompt, sample in prompts.items():
        cells = [answer(prompt, initial_id, chosen[-1].pm_id)]
        cells += [answer(prompt, week.snapshot_id, week.pm_id) for week in chosen]
        said = [schemas.SheetSaid.model_validate(one) for one in sample.prompt if one["role"] != "system"]
        rows.append(schemas.SheetRow(prompt=said, is_red_team=sample.is_red_team, answers=cells))
    return sorted(rows, key=lambda row: -sum(cell is not None for cell in row.answers))


def _column(week: Week, elo: Mapping[str, Elo]) -> schemas.SheetColumn:
    found = elo.get(week.snapshot)
    return schemas.SheetColumn(
        number=week.number,
        name=week.iteration,
        snapshot=week.snapshot,
        status=week.status,
        pm=week.pm,
        elo=schemas.SheetElo.model_validate(found, from_attributes=True) if found else None,
    )


def family(row: schemas.SheetRow) -> str:
    return family_of(next(said.content for said in row.prompt if said.role == "user"))


def _crowdworkers_own(session: Session, rows: Iterable[schemas.SheetRow]) -> set[str]:
    """Families that a crowdworker's conversation has begun: their words."""
    families = {family(row) for row in rows}
    own = select(Conversation.family).where(Conversation.family.in_(families), Conversation.account_id.is_not(None))
    return {one for one in session.scalars(own.distinct()) if one}


def _curves(session: Session, task: str | None) -> list[Figure]:
    return [draw(session, name, Asked(task=task) if name == "improvement-elo" else Asked()) for name in CURVES]


def _missing(there: list[Week], answers: dict[str, int], chosen: list[Week]) -> str:
    if not there:
        return "No week has trained a policy yet: start an iteration, or wait for the schedule."
    if not any(answers.get(week.snapshot_id) for week in there):
        return "No week's policy has answered the fixed prompts: set policy.sample_prompts above 0 and run a week."
    if not chosen:
        return "No week is chosen."
    return "Nothing is left to lay side by side: no prompt that the last of these weeks has answered may be shown here."
