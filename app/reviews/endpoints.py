"""The review queue: draw, pick blind, see."""

import random

from fastapi import APIRouter

from app.deps import Reading, Researcher, Writing
from app.reviews import service, summary
from app.reviews.schemas import Draw, DrawWanted, NewNote, Pick, Revealed, Reviews

router = APIRouter(tags=["reviews"])


@router.get("/reviews")
def list_reviews(_: Researcher, session: Reading) -> Reviews:
    return summary.reviews(session)


@router.post("/reviews/draw")
def draw(body: DrawWanted, researcher: Researcher, session: Writing) -> Draw:
    """A comparison to review. That a red-team conversation was read is audited."""
    return service.draw(session, researcher, body, random.Random())


@router.put("/reviews/{comparison_id}")
def pick(comparison_id: str, body: Pick, researcher: Researcher, session: Writing) -> Revealed:
    """The reviewer's own pick, once; the answer says what the crowdworker picked. Of a skipped one it says nothing."""
    return service.pick(session, researcher, comparison_id, body)


@router.put("/reviews/{comparison_id}/note")
def note(comparison_id: str, body: NewNote, researcher: Researcher, session: Writing) -> Revealed:
    return service.note(session, researcher, comparison_id, body.note)
