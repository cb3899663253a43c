"""How long the pages of crowdworkers and reviews take, and the job that counts for them, on the rows of
`benchmarks/rows.py` with some thousand reviews.

What a request does after it is known who asks.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.crowdworkers import acts, counting, person, queries
from app.dashboard.figure import Asked
from app.dashboard.figures import draw as draw_figure
from app.db import now
from app.payments import queries as payments
from app.reviews import drawing, summary
from app.reviews.schemas import DrawWanted
from app.tables import Account, Comparison, CrowdworkerTotal, Review, Role

TIMES = 5
REVIEWS = 3_000
Asking = Callable[[Session], object]


def crowdworkers(engine: Engine) -> Iterator[tuple[str, float, str, str]]:
    began = time.perf_counter()
    weeks = _count(engine)
    yield "dashboard.crowdworkers_count_s", time.perf_counter() - began, "s", f"the job's first run, {weeks} weeks"
    reviewer = _reviewed(engine)
    asked = _asked(engine, reviewer)
    took: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(TIMES):
        for name, ask in asked.items():
            began = time.perf_counter()
            with Session(engine) as session:
                ask(session)
            took[name].append(1000 * (time.perf_counter() - began))
    slowest = sorted(took, key=lambda name: statistics.median(took[name]))[-3:]
    slow = ", ".join(f"{name} {statistics.median(took[name]):.0f}" for name in reversed(slowest))
    times = sorted(milliseconds for one in took.values() for milliseconds in one)
    words = f"{len(asked)} requests, {TIMES} times each; slowest by median: {slow}"
    yield "dashboard.crowdworkers_p50_ms", statistics.median(times), "ms", words
    yield "dashboard.crowdworkers_p95_ms", times[round(0.95 * (len(times) - 1))], "ms", f"worst {times[-1]:.0f}"


def _count(engine: Engine) -> int:
    with Session(engine) as session:
        weeks = counting.due_weeks(session)
    for week in weeks:
        with Session(engine) as session:
            found = counting.read_week(session, week)
        with Session(engine.execution_options(writes=True)) as session, session.begin():
            counting.write_week(session, week, found, now())
    return len(weeks)


def _reviewed(engine: Engine) -> Account:
    """Two researchers' picks on comparisons of everybody, once."""
    chance = random.Random(0)
    with Session(engine.execution_options(writes=True), expire_on_commit=False) as session, session.begin():
        found = session.scalar(select(Account).where(Account.username == "reviewer-0"))
        if found is not None:
            return found
        people = [Account(username=f"reviewer-{n}", password_hash="-", role=Role.RESEARCHER) for n in range(2)]
        session.add_all(people)
        session.flush()
        rows = session.scalars(select(Comparison).order_by(Comparison.id).limit(REVIEWS)).all()
        for row in rows:
            for account in people[: 1 + (chance.random() < 0.2)]:
                review = Review(comparison_id=row.id, turn_id=row.turn_id, account_id=account.id)
                review.picked_id, review.picked_shown = chance.choice((row.picked_id, row.other_id)), "a"
                session.add(review)
        return people[0]


def _asked(engine: Engine, reviewer: Account) -> dict[str, Asking]:
    with Session(engine) as session:
        busiest = select(Account).join(CrowdworkerTotal).order_by(CrowdworkerTotal.comparisons.desc()).limit(1)
        most = session.scalars(busiest).one()
        middle = session.scalars(select(Account).order_by(Account.id).offset(500).limit(1)).first() or most

    def listed(**wanted: object) -> Asking:
        return lambda session: queries.crowdworkers(session, queries.Wanted.model_validate(wanted)).model_dump_json()

    def figure(name: str) -> Asking:
        return lambda session: draw_figure(session, name, Asked(crowdworker=most.username))

    chance = random.Random(1)
    return {
        **{f"by {sort}": listed(sort=sort) for sort in queries.SORTS},
        "a later page": listed(after=middle.id),
        "a name": listed(q="person-7"),
        "the busiest": lambda session: person.person(session, most.id).model_dump_json(),
        "somebody": lambda session: person.person(session, middle.id).model_dump_json(),
        "leave out the busiest": lambda session: acts.preview(session, most.id, None),
        **{name: figure(name) for name in ("data-by-crowdworker", "crowdworker-habits", "agreement")},
        "reviews": lambda session: summary.reviews(session).model_dump_json(),
        "a draw": lambda session: drawing.draw(session, reviewer, DrawWanted(), chance),
        "a draw of the busiest": lambda session: drawing.draw(
            session, reviewer, DrawWanted(crowdworker=most.username), chance
        ),
        "pay": lambda session: payments.pay(session).model_dump_json(),
    }
