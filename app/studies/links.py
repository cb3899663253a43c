"""What arrives in a link from a crowd platform, checked, with a sentence for the participant where it is wrong.

Trust: platform ids in an address are not proof of anything. Whoever knows a participant's id can open the study as
this participant; Prolific and MTurk are built like that. So what comes in this way is only ever a crowdworker's
account without a password (`service.enter`), and it is rate limited. MTurk's ids are seen by the page in the frame
alone: the tab gets a signed token, which nobody can alter, and which is worthless in a copied address an hour later.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from app.errors import DomainError
from app.settings import get_settings
from app.tables import Study, StudyProvider

PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
MTURK_HOSTS = ("https://www.mturk.com", "https://workersandbox.mturk.com")
TOKEN_GOOD_FOR = 3600  # seconds: time to read the frame before one opens the tab


class LinkIncomplete(DomainError):
    status = 422


class LinkExpired(DomainError):
    status = 403


class ForeignSubmitTo(DomainError):
    status = 422


class SecretKeyMissing(DomainError):
    status = 503


class Participant(NamedTuple):
    id: str
    session: str


def required(platform: str, parameters: Mapping[str, str]) -> None:
    """Refuse a link that lacks a parameter, or whose platform did not fill it in."""
    for name, value in parameters.items():
        if not value:
            raise LinkIncomplete(f"The link lacks {name}; please open the study again from {platform}.")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
            raise LinkIncomplete(
                f"{name} in the link is not what {platform} sends; please open the study again from {platform}."
            )


def entry_url(study: Study) -> str:
    """What the researcher pastes into the platform, which fills in the rest."""
    public = get_settings().public_url.rstrip("/")
    if study.provider == StudyProvider.PROLIFIC:
        return f"{public}/study?" + "&".join(
            f"{name}={{{{%{name}%}}}}" for name in ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
        )
    return f"{public}/mturk?study={study.id}"


def submit_url(turk_submit_to: str) -> str:
    """Where the frame's form goes. Any other host could collect codes in our name."""
    if turk_submit_to.rstrip("/") not in MTURK_HOSTS:
        raise ForeignSubmitTo(
            "turkSubmitTo in the link is not an address of MTurk; please open the HIT again on MTurk."
        )
    return f"{turk_submit_to.rstrip('/')}/mturk/externalSubmit"


def token_for(study: Study, participant: Participant) -> str:
    claims = [study.id, participant.id, participant.session, int(time.time()) + TOKEN_GOOD_FOR]
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    return f"{body}.{_signature(body)}"


def opened(token: str) -> tuple[str, Participant]:
    """The study's id and who comes, from a token of ours that is not too old."""
    if not token:
        raise LinkIncomplete("The link lacks its token; please use the button on the MTurk page again.")
    body, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(body).encode()):
        raise LinkIncomplete("The link is damaged; please use the button on the MTurk page again.")
    study_id, participant, session, good_until = json.loads(base64.urlsafe_b64decode(body))
    if time.time() > good_until:
        raise LinkExpired("This link is too old; please reload the MTurk page and use its button again.")
    return study_id, Participant(participant, session)


def _signature(body: str) -> str:
    key = get_settings().secret_key
    if not key:
        raise SecretKeyMissing("MTurk studies need the setting SECRET_KEY; please tell the researchers.")
    return hmac.new(key.encode(), b"mturk-entry:" + body.encode(), hashlib.sha256).hexdigest()
