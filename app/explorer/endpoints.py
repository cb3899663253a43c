"""All conversations, for researchers: find them, read them, leave their comparisons out of tranches."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.deps import Reading, Researcher, Writing
from app.explorer import queries, service, transcript
from app.explorer.schemas import ComparisonShown, Exclusion, FilterChoices, FoundPage, Transcript

router = APIRouter(tags=["explorer"])


@router.get("/explorer/filters")
def filters(_: Researcher, session: Reading) -> FilterChoices:
    return queries.choices(session)


@router.get("/explorer/conversations")
def find(researcher: Researcher, session: Reading, filters: Annotated[queries.Filters, Query()]) -> FoundPage:
    return queries.find(session, filters, red_team=researcher.red_team_opt_in_at is not None)


@router.get("/explorer/conversations/{conversation_id}")
def read(conversation_id: str, _: Researcher, session: Reading) -> Transcript:
    """Of a red-team conversation all but its words."""
    return transcript.transcript(session, conversation_id)


@router.post("/explorer/conversations/{conversation_id}/openings")
def open_transcript(conversation_id: str, researcher: Researcher, session: Writing) -> Transcript:
    """With its words, whatever its task; to open a red-team conversation is audited."""
    return service.open_transcript(session, conversation_id, researcher)


@router.put("/comparisons/{comparison_id}/exclusion")
def exclude_comparison(
    comparison_id: str, body: Exclusion, researcher: Researcher, session: Writing
) -> ComparisonShown:
    return service.exclude_comparison(session, comparison_id, body.reason, researcher)
