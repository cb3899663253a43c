"""The leaderboard over HTTP, at the command line, and as a job into a row."""

import json
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app import db
from app.cli import main
from app.leaderboard import service
from app.tables import Account, Comparison, Deployment, EloBoard, EloFit, EloFitStatus, Role, Snapshot, Task
from tests.app.conftest import Browser
from tests.app.leaderboard.rows import choose
from tests.factories import make_account, make_deployment, make_snapshot, make_task
from worker import leaderboard as job

Out = pytest.CaptureFixture[str]


@pytest.fixture
def crowd(browser: Browser) -> list[Account]:
    """Sixteen choices by four people; the new policy wins twelve."""
    with db.writing() as session:
        task = make_task(session, slug="talk")
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        new = make_deployment(session, task, make_snapshot(session, "week-1"), 50)
        old = make_deployment(session, task, initial, 50)
        people = [make_account(session) for _ in range(4)]
        for account in people:
            choose(session, task, account, new, old, 3)
            choose(session, task, account, old, new)
        return people


@pytest.fixture
def researcher(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    return browser(account)


def waiting() -> list[EloFit]:
    with db.reading() as session:
        return list(session.scalars(select(EloFit).where(EloFit.status == EloFitStatus.WAITING)))


def test_a_fit_is_asked_for_once_done_by_a_job_and_read_from_its_row(
    researcher: TestClient, crowd: list[Account]
) -> None:
    empty = researcher.get("/leaderboard").json()
    assert (empty["board"], empty["fit"], empty["boards"]) == (None, None, [])
    first, again = (researcher.post("/leaderboard/fit") for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (202, again.json()["id"])
    assert researcher.get("/leaderboard").json()["waiting"]["status"] == "waiting"
    job.fit(first.json()["id"])
    job.fit(first.json()["id"])  # twice does no harm
    body = researcher.get("/leaderboard").json()
    assert (body["waiting"], body["fit"]["comparisons"], body["fit"]["new"]) == (None, 16, 0)
    assert (body["task"], body["week"]) == ("talk", None)
    assert [(one["snapshot"], round(one["elo"]["elo"])) for one in body["board"]["standings"]] == [
        ("initial", 0), ("week-1", 191)
    ]  # fmt: skip
    week = body["boards"][0]["weeks"][0]
    assert researcher.get("/leaderboard", params={"week": week}).json()["board"]["comparisons"] == 16


def test_a_new_fit_takes_the_place_of_the_one_before(researcher: TestClient, crowd: list[Account]) -> None:
    for _ in range(2):
        job.fit(researcher.post("/leaderboard/fit").json()["id"])
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(EloFit)) == 1
        assert session.scalar(select(func.count()).select_from(EloBoard)) == 2  # all weeks, this week


def test_what_is_not_there_is_said_in_a_sentence(researcher: TestClient, crowd: list[Account]) -> None:
    job.fit(researcher.post("/leaderboard/fit").json()["id"])
    for query, status, said in (
        ({"task": "nonsense"}, 404, "“nonsense”"),
        ({"week": "2020-01-06"}, 404, "in the week of 2020-01-06"),
        ({"week": "soon"}, 422, "week"),
    ):
        answer = researcher.get("/leaderboard", params=query)
        assert answer.status_code == status
        assert said in answer.json()["detail"]


def test_crowdworkers_do_not_see_it(browser: Browser, crowd: list[Account]) -> None:
    crowdworker = browser(crowd[0])
    assert crowdworker.get("/leaderboard").status_code == 403
    assert crowdworker.post("/leaderboard/fit").status_code == 403


def test_it_is_due_with_twenty_new_choices_and_a_lost_job_is_sent_again(crowd: list[Account]) -> None:
    job.ask_if_due()
    assert waiting() == []  # sixteen
    with db.writing() as session:
        rows = session.scalars(select(Comparison)).all()
        new, old = sorted({(row.picked_deployment_id, row.other_deployment_id) for row in rows})[0]
        assert new
        assert old
        task = session.scalars(select(Task).where(Task.slug == "talk")).one()
        choose(session, task, crowd[0], session.get_one(Deployment, new), session.get_one(Deployment, old), 4)
    job.ask_if_due()
    (asked,) = waiting()
    with db.reading() as session:
        assert not service.is_due(session)  # it is under way
    with db.writing() as session:
        session.get_one(EloFit, asked.id).asked_at = db.now() - timedelta(minutes=5)
    with db.reading() as session:
        assert service.is_due(session)
    job.fit(asked.id)
    with db.reading() as session:
        assert not service.is_due(session)  # nothing new


def test_a_fit_that_fails_says_so_and_is_not_tried_again_at_once(
    researcher: TestClient, crowd: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("singular")

    asked = researcher.post("/leaderboard/fit").json()["id"]
    with monkeypatch.context() as patch:
        patch.setattr(job.fitting, "fit", fail)
        with pytest.raises(RuntimeError):
            job.fit(asked)
    body = researcher.get("/leaderboard").json()
    assert (body["waiting"]["status"], body["waiting"]["error"]) == ("failed", "RuntimeError: singular")
    with db.reading() as session:
        assert not service.is_due(session)
    job.fit(researcher.post("/leaderboard/fit").json()["id"])
    assert researcher.get("/leaderboard").json()["waiting"] is None


def test_figures_are_drawn_from_the_row_and_come_as_csv_with_the_command_that_repeats_them(
    researcher: TestClient, crowd: list[Account], capsys: Out
) -> None:
    assert researcher.get("/figures/elo").json()["missing"].startswith("No fit yet")
    job.fit(researcher.post("/leaderboard/fit").json()["id"])
    figure = researcher.get("/figures/elo", params={"task": "talk"}).json()
    (series,) = figure["series"]
    assert [(point["x"], round(point["y"])) for point in series["points"]] == [("initial", 0), ("week-1", 191)]
    assert figure["command"] == "turnwise figure elo --task talk"
    rows = {row["name"]: {p["x"]: (p["y"], p["of"]) for p in row["points"]}
            for row in researcher.get("/figures/win-matrix").json()["series"]}  # fmt: skip
    assert rows == {"initial": {"week-1": (25.0, 16)}, "week-1": {"initial": (75.0, 16)}}
    csv = researcher.get("/figures/win-matrix/csv")
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.text == "series,x,y,low,high,of\ninitial,week-1,25.0,,,16\nweek-1,initial,75.0,,,16\n"
    assert "PM score" in researcher.get("/figures/elo-four-ways").json()["missing"]
    assert main(figure["command"].split()[1:]) == 0
    assert json.loads(capsys.readouterr().out)["data_hash"] == figure["data_hash"]


def test_the_command_line_fits_by_itself_and_prints_the_board(crowd: list[Account], capsys: Out) -> None:
    assert main(["elo"]) == 0
    printed = capsys.readouterr().out
    assert "talk, all weeks: 16 comparisons by 4 crowdworkers" in printed
    assert [line.split()[:2] for line in printed.splitlines()[2:4]] == [["week-1", "191"], ["initial", "0"]]
    assert main(["elo", "--json", "--seed", "3"]) == 0
    (board,) = json.loads(capsys.readouterr().out)["boards"]
    assert board["standings"][1]["elo"]["elo"] == 190.85
    assert main(["elo", "--task", "nobody's"]) == 0
    assert capsys.readouterr().out.startswith("Not enough data")


def test_a_week_is_named_by_its_monday(capsys: Out) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["elo", "--week", "2026-11-24"])
    assert refused.value.code == 3
    assert "is a Tuesday" in capsys.readouterr().err
