"""Participants from Prolific and MTurk, through the API: in by a link, back with a code."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from app import db, settings
from app.accounts import limits
from app.deps import COOKIE
from app.studies import links
from app.tables import Account, AuditEvent, Role, SignIn, Study, StudyVisit, Task
from tests.app.conftest import Browser, answer
from tests.factories import make_account

Json = dict[str, Any]
CODES = {"code_completed": "CDONE123", "code_screened_out": "CSCREEN1", "code_withdrawn": "CLEFT123"}
PID, STUDY = "5f3c2a1b9d8e7f6a5b4c3d2e", "65aa00bb11cc22dd33ee44ff"


@pytest.fixture
def researcher(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    return browser(account)


@pytest.fixture
def prolific(researcher: TestClient) -> Json:
    return create(researcher, "prolific", STUDY)


@pytest.fixture
def mturk(researcher: TestClient, monkeypatch: pytest.MonkeyPatch) -> Json:
    monkeypatch.setenv("SECRET_KEY", "a key of this test")
    settings.get_settings.cache_clear()
    return create(researcher, "mturk", "3HITTYPE")


def create(researcher: TestClient, provider: str, external_id: str, **fields: Any) -> Json:
    body = {"provider": provider, "external_id": external_id, "task": "helpfulness", **CODES} | fields
    response = researcher.post("/studies", json=body)
    assert response.status_code == 201, response.text
    study: Json = response.json()
    return study


def enter(
    browser: TestClient, participant: str = PID, session: str = "s1", study: str = STUDY, **fields: Any
) -> httpx.Response:
    body = {"provider": "prolific", "study": study, "participant": participant, "session": session} | fields
    return came_in(browser, browser.post("/studies/enter", json=body))


def came_in(browser: TestClient, response: httpx.Response) -> httpx.Response:
    """What the page does: it keeps the CSRF token, and the participant agrees."""
    if response.status_code == 200:
        browser.headers["X-CSRF-Token"] = response.json()["csrf_token"]
        text = browser.get("/consent").json()
        browser.post("/account/consent", json={"version": text["version"]}).raise_for_status()
    return response


def qualify(participant: TestClient, right: int = 5) -> Json:
    """One try at the worked pairs, with so many right."""
    with db.reading() as session:
        task = session.scalars(select(Task).where(Task.slug == "helpfulness")).one()
        better = [item["picked"] for item in task.current_text.qualification]
    wrong = ["b" if letter == "a" else "a" for letter in better]
    picked = [*better[:right], *wrong[right:]]
    body = {"text_version": task.text_version, "picked": picked}
    tried: Json = participant.post("/tasks/helpfulness/qualification", json=body).raise_for_status().json()
    return tried


def take(participant: TestClient) -> Json:
    """Qualified first, where that was not done."""
    (task,) = [task for task in participant.get("/tasks").json() if task["slug"] == "helpfulness"]
    if task["qualification"] == "needed":
        qualify(participant)
    taken: Json = participant.post("/assignments", json={"task": "helpfulness"}).raise_for_status().json()
    return taken


def complete(participant: TestClient, conversations: int = 5) -> Json:
    with db.writing() as session:
        session.execute(update(Task).values(conversations_per_assignment=conversations))
    assignment = take(participant)
    while (conversation := assignment["conversation_id"]) is not None:
        body = {"client_id": "c1", "text": "Hello?"}
        turn = participant.post(f"/conversations/{conversation}/turns", json=body).json()
        answer(turn["id"])
        choice = {"picked": turn["candidates"][0]["id"], "strength": 2}
        participant.put(f"/turns/{turn['id']}/comparison", json=choice).raise_for_status()
        assignment = participant.post(f"/conversations/{conversation}/complete", json={}).json()
    return assignment


def visit_of(participant: TestClient) -> Json:
    visit: Json = participant.get("/visits/current").json()
    return visit


# --- Prolific ---------------------------------------------------------------------------------------------------------


def test_the_first_visit_makes_an_account_that_does_not_show_the_platforms_id(browser: Browser, prolific: Json) -> None:
    participant = browser()
    entered = enter(participant).json()
    assert entered["study"] == {"id": prolific["id"], "task": "helpfulness", "provider": "prolific"}
    assert (entered["status"], entered["code"], entered["return_url"]) == ("open", None, None)
    assert (entered["account"]["role"], entered["account"]["consented"]) == ("crowdworker", False)
    assert entered["account"]["username"].startswith("prolific-")
    assert PID not in str(entered)
    assert participant.get("/session").json()["account"]["id"] == entered["account"]["id"]
    assert visit_of(participant) == {"status": "open", "provider": "prolific", "code": None, "return_url": None}
    with db.reading() as session:
        account = session.get_one(Account, entered["account"]["id"])
        assert (account.external_provider, account.external_id, account.password_hash) == ("prolific", PID, None)


def test_a_participant_is_asked_for_consent_like_everybody(browser: Browser, prolific: Json) -> None:
    participant = browser()
    body = {"provider": "prolific", "study": STUDY, "participant": PID, "session": "s1"}
    entered = participant.post("/studies/enter", json=body).json()
    participant.headers["X-CSRF-Token"] = entered["csrf_token"]
    refused = participant.post("/assignments", json={"task": "helpfulness"})
    assert (refused.status_code, refused.json()["type"]) == (403, "consent-needed")


def test_coming_back_in_another_browser_is_the_same_account_and_visit(browser: Browser, prolific: Json) -> None:
    first, second = browser(), browser()
    account = enter(first).json()["account"]["id"]
    taken = take(first)
    assert enter(second).json()["account"]["id"] == account
    assert take(second) == taken
    assert first.get("/session").status_code == 200, "the first browser stays signed in"
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(StudyVisit)) == 1


def test_two_tabs_at_once_are_one_account_and_one_visit(browser: Browser, prolific: Json) -> None:
    with ThreadPoolExecutor(6) as pool:
        body = {"provider": "prolific", "study": STUDY, "participant": PID, "session": "s1"}
        answers = list(pool.map(lambda _: browser().post("/studies/enter", json=body), range(6)))
    assert {response.status_code for response in answers} == {200}
    assert len({response.json()["account"]["id"] for response in answers}) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(StudyVisit)) == 1


def test_a_completed_assignment_answers_with_its_code_and_the_way_back(browser: Browser, prolific: Json) -> None:
    participant = browser()
    enter(participant)
    complete(participant, conversations=2)
    back = "https://app.prolific.com/submissions/complete?cc=CDONE123"
    ended = {"status": "completed", "provider": "prolific", "code": "CDONE123", "return_url": back}
    assert visit_of(participant) == ended
    again = enter(browser()).json()
    assert {name: again[name] for name in ended} == ended, "the link still knows, in another browser too"


def test_withdrawing_answers_with_its_own_code(browser: Browser, prolific: Json) -> None:
    participant = browser()
    enter(participant)
    assignment = take(participant)
    assert participant.post("/visits/current/withdraw").json()["type"] == "assignment-open"
    assert visit_of(participant)["status"] == "open"
    participant.post(f"/assignments/{assignment['id']}/withdraw").raise_for_status()
    assert (visit_of(participant)["status"], visit_of(participant)["code"]) == ("withdrawn", "CLEFT123")


def test_who_says_no_to_the_consent_leaves_with_a_code(browser: Browser, prolific: Json) -> None:
    participant = browser()
    body = {"provider": "prolific", "study": STUDY, "participant": PID, "session": "s1"}
    participant.headers["X-CSRF-Token"] = participant.post("/studies/enter", json=body).json()["csrf_token"]
    left = participant.post("/visits/current/withdraw").json()
    assert (left["status"], left["code"]) == ("withdrawn", "CLEFT123")
    assert participant.post("/visits/current/withdraw").json() == left, "twice is once"


def test_another_task_does_not_end_the_visit(browser: Browser, prolific: Json, researcher: TestClient) -> None:
    participant = browser()
    create(researcher, "prolific", "of-red-team", task="red-team")
    enter(participant, study="of-red-team")
    other = take(participant)
    participant.post(f"/assignments/{other['id']}/withdraw").raise_for_status()
    assert visit_of(participant)["status"] == "open"


def test_what_ended_stays_ended(browser: Browser, prolific: Json) -> None:
    participant = browser()
    enter(participant)
    complete(participant, conversations=1)
    more = take(participant)
    participant.post(f"/assignments/{more['id']}/withdraw").raise_for_status()
    assert visit_of(participant)["status"] == "completed"


def test_who_does_not_qualify_is_screened_out(browser: Browser, prolific: Json, researcher: TestClient) -> None:
    participant = browser()
    enter(participant)
    assert qualify(participant, right=0)["tries_left"] == 2
    assert qualify(participant, right=1)["tries_left"] == 1
    assert visit_of(participant)["status"] == "open", "there is a try left"
    assert qualify(participant, right=2)["tries_left"] == 0
    assert (visit_of(participant)["status"], visit_of(participant)["code"]) == ("screened-out", "CSCREEN1")
    create(researcher, "prolific", "the-next-study")
    assert enter(participant, study="the-next-study").json()["status"] == "screened-out", "and at once in the next one"


def test_a_new_session_takes_the_open_work_along(browser: Browser, prolific: Json, researcher: TestClient) -> None:
    """Prolific gave the place back and out again: the work is the same person's, and one of the two visits pays."""
    participant = browser()
    enter(participant, session="s1")
    taken = take(participant)
    enter(participant, session="s2")
    assert complete(participant)["id"] == taken["id"]
    assert visit_of(participant)["code"] == "CDONE123"
    ended = researcher.get(f"/studies/{prolific['id']}/visits").json()
    assert [(visit["session"], visit["status"]) for visit in ended] == [("s2", "completed"), ("s1", "withdrawn")]
    assert [(visit["participant"], visit["code"]) for visit in ended] == [(PID, "CDONE123"), (PID, "CLEFT123")]


def test_one_assignment_is_not_paid_by_two_studies(browser: Browser, prolific: Json, researcher: TestClient) -> None:
    create(researcher, "prolific", "another", code_completed="CDONE2")
    participant = browser()
    enter(participant)
    take(participant)
    enter(participant, study="another", session="s2")
    complete(participant)
    assert visit_of(participant)["status"] == "open", "the second study's"
    assert enter(participant).json()["code"] == "CDONE123", "the first study's"


@pytest.mark.parametrize(
    ("missing", "name"), [("participant", "PROLIFIC_PID"), ("study", "STUDY_ID"), ("session", "SESSION_ID")]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_prolific_link_without_its_parameters_names_what_is_missing(
    browser: Browser, prolific: Json, missing: str, name: str
) -> None:
    for value in ("", None):
        body = {"provider": "prolific", "study": STUDY, "participant": PID, "session": "s1"} | {missing: value}
        refused = browser().post("/studies/enter", json={key: v for key, v in body.items() if v is not None})
        assert (refused.status_code, refused.json()["type"]) == (422, "link-incomplete")
        assert refused.json()["detail"] == f"The link lacks {name}; please open the study again from Prolific."
    for value in (f"{{{{%{name}%}}}}", "a b", "x" * 65, "<b>", "\x00"):
        body = {"provider": "prolific", "study": STUDY, "participant": PID, "session": "s1"} | {missing: value}
        refused = browser().post("/studies/enter", json=body)
        assert refused.status_code == 422
        assert refused.json()["detail"].startswith(f"{name} in the link is not what Prolific sends")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(StudyVisit)) == 0


def test_an_unknown_study_makes_no_account(browser: Browser, prolific: Json) -> None:
    refused = enter(browser(), study="unknown")
    assert (refused.status_code, refused.json()["type"]) == (404, "unknown-study")
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Account.external_id.is_not(None))) == 0


def test_a_closed_study_lets_its_participants_finish_and_nobody_new_in(
    browser: Browser, prolific: Json, researcher: TestClient
) -> None:
    participant = browser()
    enter(participant)
    closed = {name: prolific[name] for name in ("provider", "external_id", "task", *CODES)} | {"active": False}
    researcher.put(f"/studies/{prolific['id']}", json=closed).raise_for_status()
    refused = enter(browser(), participant="somebody-new", session="s2")
    assert (refused.status_code, refused.json()["type"]) == (403, "study-closed")
    assert enter(browser()).status_code == 200
    complete(participant)
    assert visit_of(participant)["status"] == "completed"


def test_a_session_belongs_to_one_participant(browser: Browser, prolific: Json) -> None:
    enter(browser(), session="s1")
    refused = enter(browser(), participant="somebody-else", session="s1")
    assert (refused.status_code, refused.json()["type"]) == (409, "visit-of-another")
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Account.external_id == "somebody-else")) == 0


def test_a_suspended_participant_is_told_so(browser: Browser, prolific: Json) -> None:
    account = enter(browser()).json()["account"]["id"]
    with db.writing() as session:
        session.get_one(Account, account).suspended_at = db.now()
    refused = enter(browser())
    assert (refused.status_code, refused.json()["type"]) == (403, "account-suspended")


def test_a_link_never_signs_in_a_researcher(browser: Browser, prolific: Json) -> None:
    with db.writing() as session:
        make_account(session, Role.ADMIN, external_provider="prolific", external_id="an-admins-id")
    refused = enter(browser(), participant="an-admins-id")
    assert (refused.status_code, refused.json()["type"]) == (403, "not-allowed")
    assert "set-cookie" not in refused.headers


def test_a_link_does_not_take_the_browser_of_somebody_with_a_password(
    browser: Browser, prolific: Json, researcher: TestClient
) -> None:
    body = {"provider": "prolific", "study": STUDY, "participant": PID, "session": "s1"}
    refused = researcher.post("/studies/enter", json=body)
    assert (refused.status_code, refused.json()["type"]) == (409, "signed-in-already")
    assert "Please sign out first" in refused.json()["detail"]
    assert researcher.get("/studies").status_code == 200, "still signed in"
    shared = browser()
    enter(shared)
    assert enter(shared, participant="the-next-one", session="s2").status_code == 200, "a computer that people share"


def test_another_sites_page_cannot_sign_anybody_in(browser: Browser, prolific: Json) -> None:
    body = {"provider": "prolific", "study": STUDY, "participant": PID, "session": "s1"}
    refused = browser().post("/studies/enter", json=body, headers={"Origin": "https://evil.example"})
    assert (refused.status_code, refused.json()["type"]) == (403, "cross-site-request")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_entries_from_one_address_are_limited(
    browser: Browser, prolific: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ENTRIES_PER_ADDRESS", limits.RateLimitItemPerMinute(3, 1))
    answers = [enter(browser(), participant=f"p{number}", session=f"s{number}") for number in range(4)]
    assert [response.status_code for response in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["type"] == "too-many-attempts"


def test_who_came_by_no_study_has_no_visit(browser: Browser) -> None:
    with db.writing() as session:
        account = make_account(session)
    somebody = browser(account)
    assert somebody.get("/visits/current").json() is None
    assert somebody.post("/visits/current/withdraw").json()["type"] == "unknown-visit"


# --- MTurk ------------------------------------------------------------------------------------------------------------

ACCEPTED = {
    "assignmentId": "3ASSIGNMENT",
    "hitId": "3HIT",
    "workerId": "AWORKER",
    "turkSubmitTo": "https://workersandbox.mturk.com",
}


def frame(browser: TestClient, shown: Json, **changed: str) -> httpx.Response:
    parameters = {name: value for name, value in ({"study": shown["id"]} | ACCEPTED | changed).items() if value}
    return browser.get("/studies/mturk", params=parameters)


def test_a_preview_shows_the_task_and_creates_nothing(browser: Browser, mturk: Json) -> None:
    shown = frame(browser(), mturk, assignmentId=links.PREVIEW, workerId="", turkSubmitTo="").json()
    assert (shown["preview"], shown["entry_url"], shown["submit_url"]) == (True, None, None)
    assert "assistant" in shown["title"]
    assert "two responses" in shown["instructions"]
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Account.external_id.is_not(None))) == 0
        assert session.scalar(select(func.count()).select_from(StudyVisit)) == 0


def test_the_frame_opens_a_tab_that_knows_the_worker_and_gives_a_code_back(browser: Browser, mturk: Json) -> None:
    shown = frame(browser(), mturk).json()
    assert shown["submit_url"] == "https://workersandbox.mturk.com/mturk/externalSubmit"
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(StudyVisit)) == 0, "until the tab is opened"
    tab = browser()
    entered = by_token(tab, shown["entry_url"])
    assert entered.status_code == 200
    assert entered.json()["study"]["provider"] == "mturk"
    complete(tab, conversations=1)
    ended = {"status": "completed", "provider": "mturk", "code": "CDONE123", "return_url": None}
    assert visit_of(tab) == ended
    again = by_token(browser(), frame(browser(), mturk).json()["entry_url"]).json()
    assert (again["account"]["id"], again["code"]) == (entered.json()["account"]["id"], "CDONE123")


def by_token(tab: TestClient, entry_url: str) -> httpx.Response:
    (token,) = parse_qs(urlsplit(entry_url).query)["token"]
    return came_in(tab, tab.post("/studies/enter", json={"provider": "mturk", "token": token}))


def test_a_token_is_good_for_an_hour_and_only_as_it_was_made(
    browser: Browser, mturk: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = frame(browser(), mturk).json()["entry_url"]
    (token,) = parse_qs(urlsplit(url).query)["token"]
    other = frame(browser(), mturk, workerId="AOTHER").json()["entry_url"].partition("token=")[2]
    forged = f"{other.partition('.')[0]}.{token.partition('.')[2]}"
    for bad in ("", "x", "é.é", forged, token[:-1], f"{token}0"):
        refused = browser().post("/studies/enter", json={"provider": "mturk", "token": bad})
        assert (refused.status_code, refused.json()["type"]) == (422, "link-incomplete"), bad
    monkeypatch.setattr(links.time, "time", lambda: db.now().timestamp() + timedelta(minutes=61).total_seconds())
    refused = browser().post("/studies/enter", json={"provider": "mturk", "token": token})
    assert (refused.status_code, refused.json()["type"]) == (403, "link-expired")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["study", "assignmentId", "workerId"])
def test_an_mturk_link_without_its_parameters_names_what_is_missing(browser: Browser, mturk: Json, name: str) -> None:
    refused = frame(browser(), mturk, **{name: ""})
    assert (refused.status_code, refused.json()["type"]) == (422, "link-incomplete")
    assert refused.json()["detail"] == f"The link lacks {name}; please open the study again from MTurk."


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://evil.example",
        "http://www.mturk.com",
        "https://www.mturk.com.evil.example",
        "https://www.mturk.com@evil.example",
        "https://evil.example/https://www.mturk.com",
        "https://www.mturk.com/elsewhere",
        "javascript:alert(1)",
    ],
)
def test_codes_go_to_mturk_and_nowhere_else(browser: Browser, mturk: Json, host: str) -> None:
    refused = frame(browser(), mturk, turkSubmitTo=host)
    assert (refused.status_code, refused.json()["type"]) == (422, "foreign-submit-to")


def test_mturk_itself_may_be_written_with_a_slash(browser: Browser, mturk: Json) -> None:
    shown = frame(browser(), mturk, turkSubmitTo="https://www.mturk.com/").json()
    assert shown["submit_url"] == "https://www.mturk.com/mturk/externalSubmit"


def test_mturk_without_a_secret_key_says_what_is_missing(browser: Browser, researcher: TestClient) -> None:
    study = create(researcher, "mturk", "3HITTYPE")
    refused = frame(browser(), study)
    assert (refused.status_code, refused.json()["type"]) == (503, "secret-key-missing")


def test_raw_mturk_ids_open_nothing(browser: Browser, mturk: Json) -> None:
    body = {"provider": "mturk", "study": mturk["id"], "participant": "AWORKER", "session": "3ASSIGNMENT"}
    assert browser().post("/studies/enter", json=body).json()["type"] == "link-incomplete"


# --- Researchers ------------------------------------------------------------------------------------------------------


def test_a_study_comes_with_the_address_that_the_platform_is_given(
    researcher: TestClient, prolific: Json, mturk: Json
) -> None:
    assert prolific["entry_url"] == (
        "http://127.0.0.1:8000/study?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
    )
    assert mturk["entry_url"] == f"http://127.0.0.1:8000/mturk?study={mturk['id']}"
    assert researcher.get("/studies").json() == [mturk, prolific]


def test_visits_are_counted_by_how_they_ended(researcher: TestClient, browser: Browser, prolific: Json) -> None:
    enter(browser(), participant="p1", session="s1")
    leaving = browser()
    enter(leaving, participant="p2", session="s2")
    leaving.post("/visits/current/withdraw").raise_for_status()
    (study,) = researcher.get("/studies").json()
    assert study["visits"] == {"open": 1, "completed": 0, "screened_out": 0, "withdrawn": 1}


def test_a_study_can_be_changed_and_it_is_audited(researcher: TestClient, prolific: Json) -> None:
    changed = {name: prolific[name] for name in ("provider", "external_id", "task", *CODES, "active")}
    changed |= {"code_completed": "CNEW", "task": "red-team"}
    answered = researcher.put(f"/studies/{prolific['id']}", json=changed).json()
    assert (answered["code_completed"], answered["task"], answered["id"]) == ("CNEW", "red-team", prolific["id"])
    with db.reading() as session:
        query = select(AuditEvent).where(AuditEvent.subject == f"study:{prolific['id']}").order_by(AuditEvent.id)
        created, change = session.scalars(query).all()
        assert (created.action, change.action) == ("create-study", "change-study")
        assert (change.before or {})["code_completed"] == "CDONE123"
        assert (change.after or {})["code_completed"] == "CNEW"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"provider": "craigslist"}, "provider: "),
        ({"task": "paperclips"}, "task: there is no task “paperclips”."),
        ({"code_withdrawn": "CDONE123"}, "The body is wrong: the three codes must differ"),
        ({"code_completed": "two words"}, "code_completed: "),
        ({"external_id": ""}, "external_id: "),
    ],
)
def test_a_study_that_could_not_work_is_refused_by_field(researcher: TestClient, changed: Json, says: str) -> None:
    body = {"provider": "prolific", "external_id": STUDY, "task": "helpfulness", **CODES} | changed
    refused = researcher.post("/studies", json=body)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(says)


def test_the_same_study_twice_is_refused(researcher: TestClient, prolific: Json) -> None:
    body = {name: prolific[name] for name in ("provider", "external_id", "task", *CODES)}
    refused = researcher.post("/studies", json=body)
    assert (refused.status_code, refused.json()["type"]) == (409, "study-exists")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Study)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_studies_and_their_participants_are_for_researchers(browser: Browser, prolific: Json) -> None:
    participant = browser()
    enter(participant)
    for path in ("/studies", f"/studies/{prolific['id']}/visits"):
        assert participant.get(path).status_code == 403
    assert participant.post("/studies", json={}).status_code in (403, 422)
    assert participant.put(f"/studies/{prolific['id']}", json={}).status_code in (403, 422)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 2
    assert COOKIE in participant.cookies
