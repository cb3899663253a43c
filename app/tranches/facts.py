"""What a tranche's datasheet counts, collected in one pass over its dialogues: when it is frozen, or later by a job.

Sums of small numbers only, so that a million comparisons take no more memory than a thousand. Nothing of it names a
person or holds their words: crowdworkers are the shares of the largest ones, and lengths are lengths.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.tables import Comparison, Deployment, Import, Snapshot, TrancheMember
from app.tranches.dialogues import StoredDialogue
from app.tranches.families import is_test

VERSION = 1
LARGEST = 10
"""Crowdworkers whose shares are told one by one."""
PAIRS = 40
"""Pairs of policies that are told one by one."""
LETTERS = 200
"""Of a dialogue's first message, to see in which script it is written."""


class Facts:
    """Of one tranche: `add` each of its comparisons, then read `counts` and `facts`."""

    def __init__(self) -> None:
        self.comparisons = self.longer_chosen = self.equally_long = self.first_picked = 0
        self.conversations: Counter[str] = Counter()  # by script
        self.turns_each: Counter[int] = Counter()  # comparisons of one conversation -> conversations
        self.tasks: Counter[str] = Counter()
        self.strengths: Counter[int | None] = Counter()
        self.sides: Counter[str] = Counter(train=0, test=0)
        self.positions: Counter[int] = Counter()
        self.directions: Counter[str] = Counter()
        self.crowdworkers: Counter[str | None] = Counter()
        self.texts: Counter[tuple[str, int | None]] = Counter()
        self.tenths: Counter[int] = Counter()  # of a second, until it was chosen
        self.lengths: dict[str, Counter[int]] = {what: Counter() for what in ("message", "chosen", "rejected")}
        self.pairs: Counter[tuple[str, ...] | None] = Counter()  # of deployments
        self.propensities: dict[tuple[str, ...] | None, tuple[float, float]] = {}
        self.imports: Counter[str | None] = Counter()

    def add(self, dialogue: StoredDialogue, positions: Sequence[int]) -> None:
        """The comparisons on these turns of a dialogue, all that this tranche has of it."""
        self.conversations[script_of(dialogue.turns[0].human)] += 1
        self.turns_each[len(positions)] += 1
        self.comparisons += len(positions)
        self.tasks[dialogue.slug] += len(positions)
        self.sides["test" if is_test(dialogue.family) else "train"] += len(positions)
        for position in positions:
            self._add(dialogue, position)

    def _add(self, dialogue: StoredDialogue, position: int) -> None:
        turn = dialogue.turns[position]
        choice = turn.choice
        assert choice is not None
        self.positions[position + 1] += 1
        self.strengths[choice.strength] += 1
        self.directions[choice.direction] += 1
        self.crowdworkers[choice.account_id] += 1
        self.imports[choice.import_id] += 1
        self.texts[dialogue.slug, choice.text_version] += 1
        self.first_picked += choice.picked == 0
        chosen, rejected = len(turn.replies[choice.chosen].text), len(turn.replies[choice.rejected].text)
        self.longer_chosen += chosen > rejected
        self.equally_long += chosen == rejected
        self.lengths["message"][len(turn.human)] += 1
        self.lengths["chosen"][chosen] += 1
        self.lengths["rejected"][rejected] += 1
        if choice.seconds is not None:
            self.tenths[round(10 * choice.seconds)] += 1
        pair = choice.deployments and tuple(sorted(choice.deployments))
        self.pairs[pair] += 1
        if choice.propensity is not None:
            low, high = self.propensities.get(pair, (1.0, 0.0))
            self.propensities[pair] = min(low, choice.propensity), max(high, choice.propensity)

    def counts(self) -> dict[str, Any]:
        """What every page that names a tranche says of it."""
        strengths = {"none" if strength is None else str(strength): n for strength, n in self.strengths.items()}
        return {
            "comparisons": self.comparisons,
            "conversations": self.conversations.total(),
            "by_task": dict(sorted(self.tasks.items())),
            "by_strength": dict(sorted(strengths.items())),
        }

    def facts(self, session: Session, tranche_id: str) -> dict[str, Any]:
        """The rest, as `schemas.Facts` reads it. `session` gives names to deployments and imports."""
        first, last = _when(session, tranche_id)
        crowdworkers = sorted((n for who, n in self.crowdworkers.items() if who is not None), reverse=True)
        return {
            "version": VERSION,
            "first_at": first and first.isoformat(),
            "last_at": last and last.isoformat(),
            "by_split": dict(self.sides),
            "by_turn": {str(position): n for position, n in sorted(self.positions.items())},
            "by_direction": {str(direction): n for direction, n in sorted(self.directions.items())},
            "conversations_by_comparisons": {str(many): n for many, n in sorted(self.turns_each.items())},
            "crowdworkers": {
                "count": len(crowdworkers),
                "largest": crowdworkers[:LARGEST],
                "of_nobody": self.crowdworkers[None],
            },
            "seconds_to_choose": _spread(self.tenths, 0.1),
            "first_picked": self.first_picked,
            "lengths": {what: _spread(lengths) for what, lengths in self.lengths.items()},
            "longer_chosen": self.longer_chosen,
            "equally_long": self.equally_long,
            "scripts": dict(self.conversations.most_common()),
            "texts": [
                {"task": task, "version": version, "comparisons": n}
                for (task, version), n in sorted(self.texts.items(), key=lambda one: (one[0][0], one[0][1] or 0))
            ],
            "imports": self._files(session),
            **self._who_met(session),
        }

    def _who_met(self, session: Session) -> dict[str, Any]:
        """Pairs of policies by name: the same two are one pair, whatever shares they had when they met."""
        of_pairs = {id for pair in self.pairs for id in pair or ()}
        rows = select(Deployment.id, Snapshot.name, Deployment.best_of).join(Snapshot)
        named = {
            id: name if best_of == 1 else f"{name}, best of {best_of}"
            for id, name, best_of in session.execute(rows.where(Deployment.id.in_(of_pairs)))
        }
        met: Counter[tuple[str, ...]] = Counter()
        ranges: dict[tuple[str, ...], tuple[float, float]] = {}
        for pair, n in self.pairs.items():
            if pair is None:
                continue
            names = tuple(sorted(named[id] for id in pair))
            met[names] += n
            if pair in self.propensities:
                (low, high), (least, most) = self.propensities[pair], ranges.get(names, (1.0, 0.0))
                ranges[names] = min(low, least), max(high, most)
        told = sorted(met.items(), key=lambda one: (-one[1], one[0]))[:PAIRS]
        return {
            "pairs": [
                {"policies": list(names), "comparisons": n, "propensity": list(ranges.get(names, ())) or None}
                for names, n in told
            ],
            "pairs_more": len(met) - len(told),
            "comparisons_more": met.total() - sum(n for _, n in told),
            "of_no_two_policies": self.pairs[None],
        }

    def _files(self, session: Session) -> list[dict[str, Any]]:
        ids = {id for id in self.imports if id is not None}
        named = select(Import.id, Import.file_name, Import.sha256).where(Import.id.in_(ids))
        return [
            {"file": name, "sha256": digest, "comparisons": self.imports[id]}
            for id, name, digest in session.execute(named.order_by(Import.file_name, Import.id))
        ]


def _spread(values: Counter[int], unit: float = 1.0) -> dict[str, float] | None:
    """Of whole numbers of `unit`: how many, and where 5, 50 and 95 % of them end (the smallest value that reaches that
    share), with the largest; None: there are none."""
    count = values.total()
    if not count:
        return None
    told: dict[str, float] = {"count": count}
    seen, in_order = 0, iter(sorted(values.items()))
    value = 0
    for name, share in (("p5", 0.05), ("p50", 0.5), ("p95", 0.95), ("most", 1.0)):
        while seen < share * count:
            value, n = next(in_order)
            seen += n
        told[name] = round(value * unit, 1)
    return told


def _when(session: Session, tranche_id: str) -> tuple[datetime | None, datetime | None]:
    """One question for both: making a million times of what the database says would take longer."""
    of_tranche = select(func.min(Comparison.created_at), func.max(Comparison.created_at)).where(
        TrancheMember.comparison_id == Comparison.id, TrancheMember.tranche_id == tranche_id
    )
    return session.execute(of_tranche).tuples().one()


def script_of(text: str) -> str:
    """The script that most of a text's first letters are of, by Unicode's names: Latin, Hangul, CJK …; “none” where
    there is no letter. It tells writing systems apart, not languages."""
    if text.isascii():
        return "Latin" if any(map(str.isalpha, text[:LETTERS])) else "none"
    scripts = Counter(_script(letter) for letter in text[:LETTERS] if letter.isalpha())
    return min(scripts, key=lambda script: (-scripts[script], script)) if scripts else "none"


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "unnamed").split()[0]
    return name if name == "CJK" else name.capitalize()
