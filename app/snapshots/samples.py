"""Two snapshots side by side: what both say to the same fixed prompts, each the median of several responses by a PM's
score (Bai et al. 2022, §6: so that nobody chooses by hand)."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.audit.record import audit
from app.snapshots import schemas
from app.snapshots.reconcile import INITIAL
from app.snapshots.retiring import named
from app.tables import Account, Sample, Snapshot, SnapshotKind

NONE_YET = (
    "No snapshot has answered the fixed prompts yet: a policy training does it at its end, "
    "where its config's sample_prompts is above 0."
)


def side_by_side(session: Session, a: str | None, b: str | None, *, red_team: bool) -> schemas.SideBySide:
    """Without names: the newest policy that has samples, beside the initial one. The words of red-team prompts are left
    out unless `red_team`."""
    first = named(session, a or _newest_sampled(session, apart_from=b))
    second = named(session, b or (INITIAL if first.name != INITIAL else _newest_sampled(session, apart_from=INITIAL)))
    rows: dict[str, dict[str, list[tuple[Sample, str]]]] = defaultdict(lambda: defaultdict(list))
    pm = aliased(Snapshot)
    of_both = select(Sample, pm.name).join(pm, Sample.pm_id == pm.id)
    of_both = of_both.where(Sample.snapshot_id.in_([first.id, second.id])).order_by(Sample.created_at.desc(), Sample.id)
    for sample, pm_name in session.execute(of_both):
        rows[sample.prompt_hash][sample.snapshot_id].append((sample, pm_name))
    shared = [hash for hash in sorted(rows) if first.id in rows[hash] and second.id in rows[hash]]
    return schemas.SideBySide(
        a=first.name,
        b=second.name,
        prompts=[_pair(hash, rows[hash][first.id], rows[hash][second.id], red_team) for hash in shared],
        only_a=sum(second.id not in of for of in rows.values()),
        only_b=sum(first.id not in of for of in rows.values()),
        missing=None if shared else _missing(first, second, rows.values()),
    )


def open_red_team(session: Session, a: str, b: str, account: Account) -> schemas.SideBySide:
    """With the words of red-team prompts, which is audited."""
    audit(session, account, "read-red-team", f"samples:{a}:{b}")
    return side_by_side(session, a, b, red_team=True)


def _newest_sampled(session: Session, apart_from: str | None) -> str:
    sampled = select(Sample.snapshot_id).distinct()
    newest = select(Snapshot.name).where(
        Snapshot.id.in_(sampled), Snapshot.name.not_in([INITIAL, apart_from or INITIAL])
    )
    return session.scalar(newest.order_by(Snapshot.created_at.desc(), Snapshot.name).limit(1)) or INITIAL


def _pair(
    hash: str, ours: list[tuple[Sample, str]], theirs: list[tuple[Sample, str]], red_team: bool
) -> schemas.SampledPrompt:
    """By the same PM where there is one that judged both, else by the newest of each."""
    pairs = [(one, other) for one in ours for other in theirs if one[1] == other[1]]
    (first, first_pm), (second, second_pm) = pairs[0] if pairs else (ours[0], theirs[0])
    covered = first.is_red_team and not red_team
    return schemas.SampledPrompt(
        id=hash[:12],
        prompt=[] if covered else first.prompt,
        is_red_team=first.is_red_team,
        covered=covered,
        a=_said(first, first_pm, covered),
        b=_said(second, second_pm, covered),
    )


def _said(sample: Sample, pm: str, covered: bool) -> schemas.Said:
    return schemas.Said(text=None if covered else sample.text, score=sample.score, scores=list(sample.scores), pm=pm)


def _missing(first: Snapshot, second: Snapshot, rows: Iterable[dict[str, list[tuple[Sample, str]]]]) -> str:
    for one in (first, second):
        if one.kind == SnapshotKind.PM:
            return f"“{one.name}” is a PM: it scores, and says nothing to prompts."
    if first.id == second.id:
        return NONE_YET
    without = [one.name for one in (first, second) if not any(one.id in of for of in rows)]
    if len(without) == 2:
        return NONE_YET
    if without:
        return f"“{without[0]}” has not answered the fixed prompts: its training was not asked to (sample_prompts)."
    return "The two have not answered the same prompts."
