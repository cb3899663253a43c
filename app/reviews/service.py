"""A review: a researcher picks before anything is shown that could lead them, then sees it all.

The order of the two responses is the reviewer's own, by a hash: the same at every reload, and not the crowdworker's.
"""

import hashlib
import random

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.errors import DomainError
from app.reviews import drawing
from app.reviews.schemas import Draw, Drawn, DrawWanted, OthersPick, Pick, Revealed, Said, Side
from app.tables import Account, Candidate, Comparison, Review, Snapshot, TaskKind, TaskText
from app.tranches.dialogues import read_dialogues
from app.warning import refuse_unwarned

NOTHING = "There is nothing left here that you have not reviewed; counts of new choices take a minute to come in."


class NotReviewable(DomainError):
    status = 409


class AlreadyReviewed(DomainError):
    status = 409


class UnknownCandidate(DomainError):
    status = 422


class UnknownReview(DomainError):
    status = 404


def draw(session: Session, reviewer: Account, wanted: DrawWanted, chance: random.Random) -> Draw:
    if wanted.red_team:
        refuse_unwarned(reviewer)
    comparison_id = drawing.draw(session, reviewer, wanted, chance)
    if comparison_id is None:
        return Draw(drawn=None, why=NOTHING)
    comparison = session.get_one(Comparison, comparison_id)
    turn, conversation = comparison.turn, comparison.turn.conversation
    if conversation.task.kind == TaskKind.RED_TEAM:
        audit(session, reviewer, "read-red-team", f"conversation:{conversation.id}")
        session.flush()
    a, b = sides(comparison, reviewer)
    (dialogue,) = read_dialogues(session, [conversation.id])
    before = [Said(human=one.human, assistant=one.replies[one.trunk].text) for one in dialogue.turns[: turn.position]]
    drawn = Drawn(
        comparison=comparison.id,
        task=conversation.task.slug,
        kind=conversation.task.kind,
        choice_direction=comparison.choice_direction,
        question=_question(session, comparison),
        before=before,
        human=turn.text,
        a=Side(id=a.id, text=a.text),
        b=Side(id=b.id, text=b.text),
    )
    return Draw(drawn=drawn, why=None)


def sides(comparison: Comparison, reviewer: Account) -> tuple[Candidate, Candidate]:
    """Who stands left and right for this reviewer."""
    both = [candidate for candidate in comparison.turn.candidates if candidate.edited_from_id is None]
    tossed = hashlib.sha256(f"{reviewer.id}:{comparison.id}".encode()).digest()[0] % 2
    return (both[1], both[0]) if tossed else (both[0], both[1])


def _question(session: Session, comparison: Comparison) -> str:
    task = comparison.turn.conversation.task
    version = comparison.text_version or task.text_version
    asked = select(TaskText.question).where(TaskText.task_id == task.id, TaskText.version == version)
    return session.scalar(asked) or task.current_text.question


def pick(session: Session, reviewer: Account, comparison_id: str, body: Pick) -> Revealed:
    """Keep the reviewer's pick, once; only then is there anything to see."""
    # Of two requests at once the second waits here, and then finds the first one's review.
    comparison = session.scalar(select(Comparison).where(Comparison.id == comparison_id).with_for_update())
    mine = _mine(session, reviewer, comparison_id)
    if comparison is not None and mine is not None:
        if (mine.picked_id, mine.strength) != (body.picked, body.strength):
            raise AlreadyReviewed("You have reviewed this one already, and have seen what the crowdworker picked.")
        return revealed(session, mine, reviewer)
    opted_in = reviewer.red_team_opt_in_at is not None
    allowed = drawing.reviewable(reviewer, red_team=opted_in).where(Comparison.id == comparison_id)
    if comparison is None or session.scalar(allowed) is None:
        raise NotReviewable("This comparison is not there to be reviewed by you any more; please go on to the next.")
    a, b = sides(comparison, reviewer)
    if body.picked not in (None, a.id, b.id):
        raise UnknownCandidate("picked: that is not one of these two responses.")
    review = Review(
        comparison_id=comparison.id,
        turn_id=comparison.turn_id,
        account_id=reviewer.id,
        picked_id=body.picked,
        picked_shown=None if body.picked is None else "a" if body.picked == a.id else "b",
        strength=body.strength if body.picked else None,
        seconds_to_choose=body.seconds if body.picked else None,
        note="",
    )
    try:
        with session.begin_nested():
            session.add(review)
    except IntegrityError:
        raise AlreadyReviewed("You have reviewed this one already, in another tab.") from None
    return revealed(session, review, reviewer)


def note(session: Session, reviewer: Account, comparison_id: str, text: str) -> Revealed:
    review = _mine(session, reviewer, comparison_id)
    if review is None or review.picked_id is None:
        raise UnknownReview("Please pick first; the note goes with your pick.")
    review.note = text.strip()
    session.flush()
    return revealed(session, review, reviewer)


def _mine(session: Session, reviewer: Account, comparison_id: str) -> Review | None:
    of_mine = Review.account_id == reviewer.id, Review.comparison_id == comparison_id
    return session.scalar(select(Review).where(*of_mine))


def revealed(session: Session, review: Review, reviewer: Account) -> Revealed:
    """All of it; of one that was skipped nothing, or it could be had without picking."""
    comparison = session.get_one(Comparison, review.comparison_id)
    conversation = comparison.turn.conversation
    known = Revealed(
        comparison=comparison.id, conversation=conversation.id, picked=None, strength=None, crowdworker=None,
        crowdworker_picked=None, crowdworker_strength=None, score_a=None, score_b=None, scored_by=None, policy_a=None,
        policy_b=None, others=[], note=review.note,
    )  # fmt: skip
    if review.picked_id is None:
        return known
    a, b = sides(comparison, reviewer)
    letter = {a.id: "a", b.id: "b"}
    scored = a.scored_by_id is not None and a.scored_by_id == b.scored_by_id
    author = session.get(Account, comparison.account_id) if comparison.account_id else None
    return known.model_copy(
        update={
            "picked": letter[review.picked_id],
            "strength": review.strength,
            "crowdworker": author.username if author else None,
            "crowdworker_picked": letter[comparison.picked_id],
            "crowdworker_strength": comparison.strength,
            "score_a": a.score if scored else None,
            "score_b": b.score if scored else None,
            "scored_by": _name(session, a.scored_by_id) if scored else None,
            "policy_a": _name(session, a.snapshot_id),
            "policy_b": _name(session, b.snapshot_id),
            "others": _others(session, review, letter),
        }
    )


def _name(session: Session, snapshot_id: str | None) -> str | None:
    return session.get_one(Snapshot, snapshot_id).name if snapshot_id else None


def _others(session: Session, review: Review, letter: dict[str, str]) -> list[OthersPick]:
    rows = (
        select(Review, Account.username)
        .join(Account, Review.account_id == Account.id)
        .where(Review.comparison_id == review.comparison_id, Review.id != review.id, Review.picked_id.is_not(None))
        .order_by(Review.created_at)
    )
    return [
        OthersPick(by=username, picked=letter[other.picked_id or ""], strength=other.strength, note=other.note)  # type: ignore[arg-type]
        for other, username in session.execute(rows)
    ]
