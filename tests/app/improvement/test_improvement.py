"""The improvement page through the API, and behind its link."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import cli, db
from app.main import app
from app.tables import Account, AuditEvent, Role, Sample, SharedImprovement
from app.tranches.families import family_of
from tests.app.conftest import Browser
from tests.app.improvement.rows import LIE, MOSS, TEA, make_week
from tests.factories import make_account, make_conversation


@pytest.fixture
def rosa(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, Role.RESEARCHER, username="rosa")


@pytest.fixture
def researcher(browser: Browser, rosa: Account) -> TestClient:
    with db.writing() as session:
        for number in (1, 2):
            make_week(session, number)
    return browser(rosa)


@pytest.fixture
def stranger(browser: Browser) -> TestClient:
    """Somebody with the link, and no session."""
    return TestClient(app, base_url="http://testserver")


def shared_path(answer: dict[str, str]) -> str:
    return "/improvement/" + answer["url"].rpartition("/")[2]


def test_the_page_has_all_weeks_and_a_sheet(researcher: TestClient) -> None:
    got = researcher.get("/improvement").json()
    assert [(week["number"], week["name"], week["answers"]) for week in got["weeks"]] == [
        (1, "2026-w41", 3),
        (2, "2026-w42", 3),
    ]
    assert [column["name"] for column in got["sheet"]["columns"]] == ["initial", "2026-w41", "2026-w42"]
    elo, score, accuracy = got["sheet"]["curves"]
    assert elo["missing"].startswith("Not enough data")
    assert [(point["x"], point["y"]) for point in score["series"][0]["points"]] == [
        ("week 0", 0),
        ("2026-w41", 0.5),
        ("2026-w42", 0.5),
    ]
    assert accuracy["name"] == "pm-accuracy"
    one = researcher.get("/improvement", params={"weeks": ["2026-w42"]}).json()
    assert [column["name"] for column in one["sheet"]["columns"]] == ["initial", "2026-w42"]


def test_red_team_prompts_want_the_warning_agreed_to(researcher: TestClient) -> None:
    for refused in (
        researcher.get("/improvement?red_team=true"),
        researcher.get("/improvement/html?red_team=true"),
        researcher.post("/improvement/shared", json={"title": "T", "red_team": True}),
    ):
        assert (refused.status_code, refused.json()["type"]) == (403, "warning-not-agreed")
    researcher.post("/account/red-team-opt-in", json={"opt_in": True}).raise_for_status()
    rows = researcher.get("/improvement?red_team=true").json()["sheet"]["rows"]
    assert [row["is_red_team"] for row in rows] == [False, False, True]


def test_what_was_shared_is_read_without_a_session_and_stays_as_it_was(
    researcher: TestClient, stranger: TestClient
) -> None:
    with db.writing() as session:
        make_conversation(session, family=family_of(MOSS))  # a crowdworker's words
    shared = researcher.post("/improvement/shared", json={"title": "From <0> to 2"})
    assert shared.status_code == 201
    path = shared_path(shared.json())
    page = stranger.get(path)
    assert page.status_code == 200
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>From &lt;0&gt; to 2</h1>" in page.text
    assert f"{TEA} by week 2." in page.text
    assert MOSS not in page.text
    assert LIE not in page.text
    assert "<script" not in page.text
    assert "http" not in page.text
    with db.writing() as session:
        for sample in session.scalars(select(Sample)):
            sample.text = "Something else."
        make_week(session, 3)
    assert stranger.get(path).text == page.text


def test_a_link_is_revoked_once_and_then_leads_nowhere(researcher: TestClient, stranger: TestClient) -> None:
    shared = researcher.post("/improvement/shared", json={"title": "Two weeks", "weeks": ["2026-w42"]}).json()
    path = shared_path(shared)
    for _ in range(2):
        revoked = researcher.post(f"/improvement/shared/{shared['id']}/revoke").json()
        assert (revoked["url"], revoked["revoked_by"]) == (None, "rosa")
    gone = stranger.get(path)
    assert gone.status_code == 404
    assert TEA not in gone.text
    assert gone.headers["x-robots-tag"] == "noindex, nofollow"
    assert stranger.get("/improvement/guessed").status_code == 404
    (listed,) = researcher.get("/improvement/shared").json()
    assert listed == revoked
    with db.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.subject == f"improvement:{shared['id']}")).all()
        assert [(event.action, event.after) for event in events] == [
            (
                "share-improvement",
                {"title": "Two weeks", "weeks": ["initial", "2026-w42"], "prompts": 2, "red_team": False},
            ),
            ("revoke-improvement", {"revoked": True}),
        ]


def test_two_links_are_never_the_same_and_cannot_be_guessed(researcher: TestClient) -> None:
    urls = {researcher.post("/improvement/shared", json={"title": "T"}).json()["url"] for _ in range(3)}
    assert len(urls) == 3
    with db.reading() as session:
        assert {len(token) for token in session.scalars(select(SharedImprovement.token))} == {32}


def test_the_file_has_everything_in_it(researcher: TestClient) -> None:
    answer = researcher.get("/improvement/html")
    assert "improvement.html" in answer.headers["content-disposition"]
    assert answer.text.count("<tr>") == 3
    assert "http" not in answer.text


def test_the_command_writes_the_same_file(
    researcher: TestClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sheet.html"
    assert cli.main(["improvement", str(out), "--week", "2026-w41", "--title", "One week"]) == 0
    assert "One week" in out.read_text()
    assert f"{TEA} by week 1." in out.read_text()
    assert cli.main(["improvement", str(tmp_path / "none.html"), "--week", "2026-w99"]) == 3
    assert not (tmp_path / "none.html").exists()
    assert capsys.readouterr().err == "weeks: no iteration “2026-w99” has trained a policy.\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_and_what_does_not_fit_is_told_so(browser: Browser, rosa: Account) -> None:
    with db.writing() as session:
        account = make_account(session)
    crowdworker, researcher = browser(account), browser(rosa)
    for verb, path in (
        ("GET", "/improvement"),
        ("GET", "/improvement/html"),
        ("GET", "/improvement/shared"),
        ("POST", "/improvement/shared"),
        ("POST", "/improvement/shared/x/revoke"),
    ):
        assert crowdworker.request(verb, path, json={"title": "T"} if verb == "POST" else None).status_code == 403
    nothing = researcher.post("/improvement/shared", json={"title": "T"})
    assert (nothing.status_code, nothing.json()["type"]) == (409, "nothing-to-share")
    assert researcher.post("/improvement/shared", json={"title": " "}).json()["detail"].startswith("title: ")
    assert researcher.post("/improvement/shared/x/revoke").json()["type"] == "unknown-shared-page"
    many = [f"w{number}" for number in range(4)]
    assert researcher.get("/improvement", params={"weeks": many}).json()["type"] == "too-many-weeks"
