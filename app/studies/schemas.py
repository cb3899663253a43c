"""Studies as researchers keep them, and what comes and goes with a participant."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from app import tables
from app.accounts.schemas import Session
from app.tables import StudyProvider, VisitStatus


def _plain(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise ValueError("1 to 64 letters, digits, - or _, as the platform shows it")
    return text


Plain = Annotated[str, AfterValidator(_plain)]


class StudySettings(BaseModel):
    provider: StudyProvider
    external_id: Annotated[Plain, Field(description="Prolific: the study's id there. MTurk: the HIT type's.")]
    task: Annotated[str, Field(description="The slug.")]
    code_completed: Plain
    code_screened_out: Plain
    code_withdrawn: Plain
    active: bool = True

    @model_validator(mode="after")
    def _codes_differ(self) -> "StudySettings":
        if len({self.code_completed, self.code_screened_out, self.code_withdrawn}) < 3:
            raise ValueError("the three codes must differ, or the platform cannot tell how a visit ended")
        return self


class ChangedStudy(StudySettings):
    version: Annotated[
        int | None, Field(description="Of the study that was changed; null: whatever is there is replaced.")
    ] = None


class VisitCounts(BaseModel):
    open: int = 0
    completed: int = 0
    screened_out: int = 0
    withdrawn: int = 0


class Study(StudySettings):
    id: str
    version: Annotated[int, Field(description="Sent back with a change, so that nobody else's is lost unseen.")]
    entry_url: Annotated[str, Field(description="What the platform is given, exactly like this.")]
    visits: VisitCounts
    created_at: datetime


class ParticipantVisit(BaseModel):
    """A researcher compares it with what the platform says before anybody is paid."""

    participant: str | None
    session: str
    username: str
    status: VisitStatus
    code: str | None
    created_at: datetime
    ended_at: datetime | None


class ProlificEntry(BaseModel):
    """The three parameters of a Prolific link. What is missing is told in words for the participant, so all may be."""

    provider: Literal["prolific"]
    study: Annotated[str, Field(description="STUDY_ID")] = ""
    participant: Annotated[str, Field(description="PROLIFIC_PID")] = ""
    session: Annotated[str, Field(description="SESSION_ID")] = ""


class MTurkEntry(BaseModel):
    provider: Literal["mturk"]
    token: Annotated[str, Field(max_length=2000, description="From the frame's entry_url.")] = ""


Entry = Annotated[ProlificEntry | MTurkEntry, Field(discriminator="provider")]


class Visit(BaseModel):
    """How it stands; code and return_url once it has ended. MTurk has no return_url: its code goes into the frame."""

    status: VisitStatus
    provider: StudyProvider
    code: str | None
    return_url: str | None


def visit_view(visit: tables.StudyVisit, study: tables.Study) -> Visit:
    code = code_of(visit, study)
    back = f"https://app.prolific.com/submissions/complete?cc={code}"
    return_url = back if code and study.provider == StudyProvider.PROLIFIC else None
    return Visit(status=visit.status, provider=study.provider, code=code, return_url=return_url)


def code_of(visit: tables.StudyVisit, study: tables.Study) -> str | None:
    return {
        VisitStatus.OPEN: None,
        VisitStatus.COMPLETED: study.code_completed,
        VisitStatus.SCREENED_OUT: study.code_screened_out,
        VisitStatus.WITHDRAWN: study.code_withdrawn,
    }[visit.status]


class EnteredStudy(BaseModel):
    id: str
    task: str
    provider: StudyProvider


class Entered(Session, Visit):
    study: EnteredStudy


class MTurkFrame(BaseModel):
    """What the page inside MTurk's frame shows. Before the HIT is accepted it is a preview: nothing to open or send."""

    preview: bool
    title: str
    instructions: str
    entry_url: Annotated[str | None, Field(description="Opens the study in a tab of its own; good for an hour.")]
    submit_url: Annotated[str | None, Field(description="Where the frame's form posts assignmentId and code.")]
