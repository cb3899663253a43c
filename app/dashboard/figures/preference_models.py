"""Figures about PMs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.tables import Evaluation, Iteration, Snapshot

ACCURACY = "PM accuracy on test comparisons"


def accuracy(session: Session, _: Asked) -> Figure:
    """Each iteration's new PM, and on the same comparisons the rule that the longer candidate wins."""
    rows = (
        select(Iteration.name, Evaluation.result)
        .join(Iteration, Evaluation.iteration_id == Iteration.id)
        .join(Snapshot, Evaluation.snapshot_id == Snapshot.id)
        .where(Evaluation.kind == "evaluate_pm", Snapshot.iteration_id == Evaluation.iteration_id)
        .order_by(Iteration.number)
    )
    found = session.execute(rows).all()
    pm = [
        Point(x=name, y=100 * result["accuracy"], low=100 * result["low"], high=100 * result["high"])
        for name, result in found
    ]
    longer = [Point(x=name, y=100 * result["longer_wins"]) for name, result in found]
    return Figure(
        name="pm-accuracy",
        title=ACCURACY,
        interval="95 %, over families of dialogues",
        paper="Fig. 32, by week instead of by number of comparisons",
        x=Axis(label="Iteration"),
        y=Axis(label="Right", unit="%"),
        series=[Series(name="PM", points=pm), Series(name="longer wins", points=longer)] if found else [],
        how_to_read="How often the PM scores the chosen candidate above the rejected one, on families that no training "
        "saw, with a 95 % interval. A PM that does not beat “longer wins” has learnt little but length.",
        missing=None if found else "No iteration has evaluated a PM yet.",
    )
