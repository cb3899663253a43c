"""How much researchers agree with crowdworkers, and with each other where two reviewed the same."""

from collections import defaultdict
from itertools import combinations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agreement import kappa, share
from app.reviews.schemas import PairOfReviewers, Reviewer, Reviews
from app.tables import Account, Candidate, Comparison, Review


def reviews(session: Session) -> Reviews:
    """Reads every review, without a text: there are as many as people made."""
    rows = (
        select(
            Review.comparison_id,
            Account.username,
            Review.picked_shown,
            Review.picked_id,
            Comparison.picked_id.label("crowdworker_picked"),
            Candidate.shown,
            Review.created_at,
        )
        .join(Account, Review.account_id == Account.id)
        .join(Comparison, Review.comparison_id == Comparison.id)
        .join(Candidate, Review.picked_id == Candidate.id)
        .order_by(Account.username)
    )
    found = session.execute(rows).all()
    agreed: dict[str, list[bool]] = defaultdict(list)
    left: dict[str, list[bool]] = defaultdict(list)
    # By the side that the crowdworker had it on: the same label for every reviewer, and tossed for each comparison.
    sides: dict[str, dict[str, str]] = defaultdict(dict)
    for row in found:
        agreed[row.username].append(row.picked_id == row.crowdworker_picked)
        left[row.username].append(row.picked_shown == "a")
        sides[row.username][row.comparison_id] = row.shown
    every = [one for some in agreed.values() for one in some]
    skipped = select(func.count()).select_from(Review).where(Review.picked_id.is_(None))
    return Reviews(
        reviews=len(every),
        skipped=session.scalar(skipped) or 0,
        with_crowdworkers=share(sum(every), len(every)),
        reviewers=[
            Reviewer(
                username=name,
                reviews=len(some),
                with_crowdworkers=share(sum(some), len(some)),
                picked_a=share(sum(left[name]), len(some)),
            )
            for name, some in agreed.items()
        ],
        pairs=[_pair(one, other, sides) for one, other in combinations(agreed, 2) if sides[one].keys() & sides[other]],
        newest_at=max((row.created_at for row in found), default=None),
    )


def _pair(one: str, other: str, sides: dict[str, dict[str, str]]) -> PairOfReviewers:
    both = sorted(sides[one].keys() & sides[other].keys())
    picks = [(sides[one][id], sides[other][id]) for id in both]
    return PairOfReviewers(
        one=one,
        other=other,
        both=len(both),
        agreement=share(sum(mine == theirs for mine, theirs in picks), len(picks)),
        kappa=kappa(picks),
    )
