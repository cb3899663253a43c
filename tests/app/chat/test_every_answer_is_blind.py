"""A walk through every address that a crowdworker's browser may ask, by the API's own description: nothing says, in a
body, a header or an event, which policy wrote a candidate. A new route is walked by itself; a new path parameter wants
a value here first.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import select, update

from app import db, main
from app.security import HEADERS
from app.snapshots.service import deploy
from app.snapshots.shares import Wanted
from app.tables import (
    Account,
    Candidate,
    Conversation,
    Deployment,
    Iteration,
    IterationStatus,
    PairScope,
    Snapshot,
    SnapshotKind,
    Study,
    StudyProvider,
    Task,
)
from tests.app.chat.conftest import Chat
from tests.app.chat.test_blindness import deploy_for_all, load_anything_named
from tests.app.servers import Crowdworker
from tests.factories import make_snapshot

pytestmark = [pytest.mark.broker, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

WHO_WROTE_IT = {("initial", 1), ("week-7-policy", 1), ("initial", 4)}  # snapshot and best of how many
TELLING = re.compile(r"snapshot|deploy|seed|score|propensity|best_of|sampling|policy|model|adapter|_ms$|tokens|^pm$")
DESCRIPTION = "/openapi.json"  # names what researchers get; the same for everybody


@dataclass
class Answer:
    where: str
    status: int
    text: str  # headers and body


@pytest.fixture
def talk(chat: Chat) -> Crowdworker:
    """A crowdworker after a conversation in which each of three deployments has answered."""
    url = chat(tokens_per_second=0)
    with db.writing() as session:
        make_snapshot(session, "pm-1", SnapshotKind.PM, directory="pm-1")
        make_snapshot(session, "week-7-policy", directory="week-7-policy")
        session.execute(update(Task).values(pair_scope=PairScope.TURN, max_turns=40))
    load_anything_named("pm-1", SnapshotKind.PM)
    load_anything_named("week-7-policy", SnapshotKind.POLICY)
    with db.writing() as session:
        deploy(session, None, [Wanted("pm-1", 100)], reason="A test.")
    deploy_for_all(Wanted("initial", 34), Wanted("week-7-policy", 33), Wanted("initial", 33, best_of=4))
    crowdworker = Crowdworker(url)
    while who_answered() != WHO_WROTE_IT:  # not in 40 turns: once in 10^13
        turn = crowdworker.say("Which one are you?")
        list(crowdworker.follow(turn["id"]))
        crowdworker.choose(crowdworker.wait(turn["id"])).raise_for_status()
    return crowdworker


def who_answered() -> set[tuple[str, int]]:
    with db.reading() as session:
        rows = session.execute(
            select(Snapshot.name, Candidate.sampling).join(Snapshot, Snapshot.id == Candidate.snapshot_id)
        ).all()
        return {(name, (sampling or {})["best_of"]) for name, sampling in rows}


def walk(crowdworker: Crowdworker) -> list[Answer]:
    """What is answered at every GET address, the last turn's stream from its beginning and from an event on."""
    http, values = crowdworker.http, parameters(crowdworker)
    root = str(http.base_url).removesuffix("/api/v1/")
    answers = []
    for path, verbs in http.get(f"{root}{DESCRIPTION}").json()["paths"].items():
        if "get" not in verbs:
            continue
        wanted = [parameter for parameter in verbs["get"].get("parameters", []) if parameter["required"]]
        missing = {parameter["name"] for parameter in wanted} - set(values)
        assert not missing, f"GET {path} is not walked: give {missing} a value in parameters()"
        query = {parameter["name"]: values[parameter["name"]] for parameter in wanted if parameter["in"] == "query"}
        answers.append(get(http, root + path.format(**values), query))
        if path.endswith("/events"):
            answers.append(get(http, root + path.format(**values), {"last_event_id": "1-0"}))
    return [*answers, get(http, f"{root}{DESCRIPTION}", {}), get(http, f"{root}/study", {})]


def get(http: Any, url: str, query: dict[str, str]) -> Answer:
    response = http.get(url, params=query)
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return Answer(url, response.status_code, f"{headers}\n\n{response.text}")


def parameters(crowdworker: Crowdworker) -> dict[str, str]:
    """For path parameters by their name: rows of the crowdworker's own, and others that exist."""
    own = crowdworker.http.get(f"/conversations/{crowdworker.conversation}").json()
    with db.writing() as session:
        task_id = session.scalars(select(Task.id)).first()
        iteration = Iteration(number=1, name="w1", preset="small", overrides={}, status=IterationStatus.DEPLOYED)
        codes = {"code_completed": "A", "code_screened_out": "B", "code_withdrawn": "C"}
        study = Study(provider=StudyProvider.MTURK, external_id="x", task_id=task_id, **codes)
        session.add_all([iteration, study])
        session.flush()
        account = session.get_one(Conversation, crowdworker.conversation).account_id
    return {
        "account_id": account or "",
        "assignment_id": own["assignment_id"],
        "conversation_id": crowdworker.conversation,
        "event_id": "1",
        "cron": "0 3 * * 1",
        "export_id": "an-export",
        "id": iteration.id,
        "name": "elo",
        "preset": "small",
        "slug": "helpfulness",
        "stage": "train_pm",
        "study_id": study.id,
        "timezone": "UTC",
        "token": "a-token",
        "turn_id": own["turns"][-1]["id"],
    }


def leaks(answers: list[Answer]) -> set[str]:
    """Where something is told, and what."""
    secrets = secrets_of_the_rows()
    found = set()
    for answer in answers:
        told = {secret for secret in secrets if re.search(rf"(?<![\w.-]){re.escape(secret)}(?![\w-])", answer.text)}
        if answer.where.endswith(DESCRIPTION):
            told.discard("initial")  # the first policy's name everywhere, and a word of what is described
        else:
            told |= {key for key in keys_of(answer.text) if TELLING.search(key)}
        found |= {f"{answer.where}: {what}" for what in told}
    return found


def secrets_of_the_rows() -> set[str]:
    """All that could identify a policy: names, ids, seeds, scores, and what best-of-k did not show."""
    with db.reading() as session:
        names = session.scalars(select(Snapshot.name)).all()
        ids = [*session.scalars(select(Snapshot.id)), *session.scalars(select(Deployment.id))]
        candidates = session.scalars(select(Candidate)).all()
        samples = [sample for candidate in candidates for sample in candidate.best_of_texts or []]
        seeds = [str(candidate.seed) for candidate in candidates]
        scores = [str(sample["score"]) for sample in samples]
        shown = "\n".join(candidate.text for candidate in candidates)  # may begin with the whole of another
        unseen = [in_json(sample["text"]) for sample in samples if sample["text"] not in shown]
    return {*names, *ids, *seeds, *scores, *unseen}


def in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def keys_of(text: str) -> set[str]:
    """Names of headers (but for those that every answer has), and of everything in JSON bodies and events."""
    headers, _, body = text.partition("\n\n")
    values = []
    for chunk in [body, *re.findall(r"^data: (.*)$", body, re.MULTILINE)]:
        try:
            values.append(json.loads(chunk))
        except ValueError:
            continue  # a page, or the stream as a whole
    ours = {line.partition(":")[0].lower() for line in headers.splitlines()} - {name.lower() for name in HEADERS}
    return ours | set().union(*map(_keys, values))


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {*value, *(key for inner in value.values() for key in _keys(inner))}
    if isinstance(value, list):
        return {key for inner in value for key in _keys(inner)}
    return set()


def test_no_address_tells_who_wrote_a_candidate(talk: Crowdworker) -> None:
    answers = walk(talk)

    assert leaks(answers) == set()
    by_place = {answer.where.partition("/api/v1")[2]: answer for answer in answers}
    seen = [place for place, answer in by_place.items() if answer.status == 200]
    text = talk.http.get(f"/conversations/{talk.conversation}").json()["turns"][-1]["candidates"][0]["text"]
    holding = [place for place in seen if in_json(text) in by_place[place].text]
    assert len(holding) >= 4, f"the conversation, the turn, its stream and the own data were looked at: {holding}"
    assert by_place["/snapshots"].status == by_place["/deployments"].status == 403


LAST = ("/complete", "/withdraw", "/account/data", "/studies/enter", "/accounts", "/session")
"""What ends something, and what begins as somebody else, in this order."""


def right_bodies(turn: dict[str, Any]) -> dict[str, dict[str, Any]]:
    candidate = turn["candidates"][0]["id"]
    person = {"username": "grace", "password": "correct horse battery"}
    return {
        "POST /account/consent": {"version": 1},
        "POST /account/red-team-opt-in": {"opt_in": True},
        "DELETE /account/data": {"password": "wrong"},
        "POST /accounts": {**person, "consent": True},
        "POST /assignments": {"task": "helpfulness"},
        "POST /candidates/{candidate_id}/report": {"reason": "broken"},
        "POST /care/survey": {"feelings": None},
        "POST /conversations/{conversation_id}/complete": {"comment": "Thanks."},
        "POST /conversations/{conversation_id}/turns": {"client_id": turn["client_id"], "text": "And now?"},
        "PUT /conversations/{conversation_id}/plan": {"red_team_plan": "None."},
        "POST /messages": {"text": "Who wrote this?", "turn_id": turn["id"]},
        "POST /session": person,
        "POST /studies/enter": {"provider": "prolific", "study": "s", "participant": "p", "session": "x"},
        "POST /tasks/{slug}/qualification": {"text_version": 1, "picked": ["a"] * 5},
        "POST /turns/{turn_id}/check": {"picks": "better"},
        "PUT /turns/{turn_id}/comparison": {"picked": candidate, "strength": 2},
        "PUT /turns/{turn_id}/edit": {"candidate": candidate, "text": "My own words."},
    }


def order(route: tuple[str, str]) -> tuple[int, bool]:
    verb, path = route
    return next((place for place, end in enumerate(LAST, 1) if path.endswith(end)), 0), verb == "DELETE"


def deeds(crowdworker: Crowdworker) -> list[Answer]:
    """What is answered at every address that changes something: without a body, with an empty one, and with a right
    one."""
    http, values = crowdworker.http, parameters(crowdworker)
    turn = crowdworker.say("And now?")
    list(crowdworker.follow(turn["id"]))
    turn = crowdworker.wait(turn["id"])
    values |= {
        "turn_id": turn["id"],
        "candidate_id": turn["candidates"][0]["id"],
        "report_id": "a-report",
        "shared_id": "a-page",
    }
    values |= {"comparison_id": "a-comparison", "receiver_id": "a-receiver", "delivery_id": "a-delivery"}
    values |= {"bonus_id": "a-bonus", "comparison_id": "a-comparison"}
    bodies, answers = right_bodies(turn), []
    paths = http.get(str(http.base_url).replace("/api/v1/", DESCRIPTION)).json()["paths"]
    found = [(verb.upper(), path.removeprefix("/api/v1")) for path, verbs in paths.items() for verb in verbs]
    changing = [(verb, path) for verb, path in found if verb != "GET"]
    for verb, path in sorted(changing, key=order):
        for body in (None, {}, bodies.get(f"{verb} {path}", {})):
            response = http.request(verb, path.format(**values), json=body)
            http.cookies.clear()
            answers.append(Answer(f"{verb} {path}", response.status_code, f"{response.headers}\n\n{response.text}"))
        problem = response.json() if response.status_code == 422 else {}
        assert problem.get("type") != "invalid", f"{verb} {path} wants a body in right_bodies(): {problem}"
    return answers


def test_whatever_a_crowdworker_does_is_answered_as_blindly(talk: Crowdworker) -> None:
    with db.writing() as session:
        session.execute(update(Account).values(may_edit=True))

    answers = deeds(talk)

    assert leaks(answers) == set()
    assert {answer.where for answer in answers if answer.status >= 500} == set()
    done = {answer.where for answer in answers if answer.status < 300}
    assert {
        "POST /conversations/{conversation_id}/turns",
        "PUT /turns/{turn_id}/comparison",
        "PUT /turns/{turn_id}/edit",
        "DELETE /turns/{turn_id}/edit",
        "POST /turns/{turn_id}/stop",
        "POST /candidates/{candidate_id}/report",
        "POST /messages",
        "POST /conversations/{conversation_id}/complete",
        "POST /assignments/{assignment_id}/withdraw",
    } <= done


def snapshot_of(turn_id: str) -> Snapshot:
    with db.reading() as session:
        query = select(Snapshot).join(Candidate, Candidate.snapshot_id == Snapshot.id)
        return session.scalars(query.where(Candidate.turn_id == turn_id)).first() or Snapshot()


def seed_of(turn_id: str) -> int | None:
    with db.reading() as session:
        return session.scalars(select(Candidate.seed).where(Candidate.turn_id == turn_id)).first()


planted = APIRouter()


@planted.get("/planted/{turn_id}/key")
def key(turn_id: str) -> dict[str, Any]:
    return {"turns": [{"snapshot": None}]}


@planted.get("/planted/{turn_id}/value")
def value(turn_id: str) -> dict[str, Any]:
    return {"note": f"by {snapshot_of(turn_id).id}."}


@planted.get("/planted/{turn_id}/number")
def number(turn_id: str) -> list[int | None]:
    return [seed_of(turn_id)]


@planted.get("/planted/{turn_id}/header")
def header(turn_id: str, response: Response) -> None:
    response.headers["X-By"] = snapshot_of(turn_id).name


@planted.get("/planted/{turn_id}/stream", response_class=EventSourceResponse)
def stream(turn_id: str) -> Any:
    yield ServerSentEvent(event="delta", data={"candidate": "a", "score": 1})


def test_the_walk_finds_what_is_planted(chat: Chat, monkeypatch: pytest.MonkeyPatch, request: Any) -> None:
    monkeypatch.setattr(main, "FEATURES", (*main.FEATURES, planted))
    found = leaks(walk(request.getfixturevalue("talk")))
    places = {leak.partition("/planted/")[2].partition("/")[2].partition(":")[0] for leak in found}
    assert places == {"key", "value", "number", "header", "stream"}


def test_the_walk_does_not_pass_by_a_route_that_it_cannot_call(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, request: Any
) -> None:
    unwalked = APIRouter()
    unwalked.get("/planted/{unheard_of}")(lambda unheard_of: None)
    monkeypatch.setattr(main, "FEATURES", (*main.FEATURES, unwalked))
    with pytest.raises(AssertionError, match="unheard_of"):
        walk(request.getfixturevalue("talk"))
