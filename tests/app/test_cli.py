"""The command line as somebody at a terminal sees it: what it prints, its exit codes, one sentence when refused."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, func, select

from app import db, follow
from app.accounts import passwords
from app.cli import main
from app.iterations import service as iterations
from app.settings import Settings, get_settings
from app.tables import (
    Account,
    AuditEvent,
    Comparison,
    Conversation,
    Deployment,
    Invitation,
    Iteration,
    IterationStatus,
    Role,
    Schedule,
    StageRun,
    StageStatus,
    Task,
    TrainingRun,
)
from tests.app.dashboard.test_pm_figures import STUDY
from tests.app.tranches.conftest import GROWING, hh_line, write_hh
from tests.conftest import free_port
from tests.factories import make_snapshot
from tests.test_migrations import ALEMBIC

Out = pytest.CaptureFixture[str]


@pytest.fixture
def installed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A database with the defaults, and no broker at the address of the settings."""
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    get_settings.cache_clear()
    assert main(["init"]) == 0
    return get_settings()


def count(row: type[db.Base]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def one_sentence(out: Out) -> str:
    printed = out.readouterr()
    assert "Traceback" not in printed.err
    lines = printed.err.strip().splitlines()
    assert len(lines) == 1, printed.err
    return lines[0]


def test_init_twice_is_the_same_as_once(installed: Settings) -> None:
    before = [count(row) for row in (Task, Deployment, Schedule)]
    assert before == [2, 2, 1]
    assert main(["init"]) == 0
    assert [count(row) for row in (Task, Deployment, Schedule)] == before


def test_an_admin_is_made_with_a_password_from_stdin(
    installed: Settings, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["create-admin", "Ada"]) == 0
    with db.reading() as session:
        ada = session.scalars(select(Account)).one()
    assert (ada.username, ada.role) == ("ada", Role.ADMIN)
    assert passwords.matches("correct horse", ada.password_hash)
    capsys.readouterr()

    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["create-admin", "ada"]) == 3
    assert "taken" in one_sentence(capsys)
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["create-admin", "bob"]) == 3
    assert one_sentence(capsys).startswith("password:")


def test_the_first_admins_link_is_printed_until_there_is_an_admin(installed: Settings, capsys: Out) -> None:
    assert main(["first-admin-link"]) == 0
    link = capsys.readouterr().out.strip()
    assert link.startswith(f"{installed.public_url}/invitation/")
    with db.writing() as session:
        assert session.scalars(select(Invitation.role)).one() == Role.ADMIN
        session.add(Account(username="ada", password_hash="x", role=Role.ADMIN))
    assert main(["first-admin-link"]) == 0
    assert capsys.readouterr().out == ""


def test_import_reports_every_row_and_export_gives_the_lines_back(
    installed: Settings, tmp_path: Path, capsys: Out
) -> None:
    lines = [*GROWING, hh_line(["Same?"], "Same.", "Same."), hh_line(["Again?"], "So.", "So."), GROWING[0]]
    path = write_hh(tmp_path / "helpful-tiny.jsonl.gz", lines)
    assert main(["import-hh", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "helpful-tiny.jsonl.gz: helpfulness (by its name)",
        "  5 stored + 2 set aside = 7 rows; 4 conversations",
        "  2 × both sides identical: lines 5, 6",
    ]
    out = tmp_path / "out.jsonl"
    assert main(["export", "--format", "hh", str(out)]) == 0
    assert out.read_text().splitlines() == [*GROWING, GROWING[0]]
    assert main(["export", "--format", "hh", str(out), "--task", "red-team"]) == 3
    assert "nothing to export" in capsys.readouterr().err


def test_a_refused_file_does_not_keep_the_others_out(installed: Settings, tmp_path: Path, capsys: Out) -> None:
    bad = write_hh(tmp_path / "harmless-bad.jsonl", [GROWING[0], "{"])
    good = write_hh(tmp_path / "harmless-good.jsonl", [GROWING[0]])
    assert main(["import-hh", str(bad), str(good)]) == 3
    assert one_sentence(capsys) == (
        "harmless-bad.jsonl, line 2: not JSON (Expecting property name enclosed in double quotes at column 2). "
        "Nothing of this file was stored."
    )
    assert count(Comparison) == 1
    assert main(["import-hh", str(good)]) == 3
    assert "already here" in one_sentence(capsys)


def test_a_file_whose_name_does_not_tell_wants_a_task(installed: Settings, tmp_path: Path, capsys: Out) -> None:
    path = write_hh(tmp_path / "mine.jsonl", [GROWING[0]])
    assert main(["import-hh", str(path)]) == 3
    assert "--task" in one_sentence(capsys)
    assert main(["import-hh", str(path), "--task", "red-team"]) == 0
    with db.reading() as session:
        task = session.get_one(Task, session.scalars(select(Conversation.task_id)).one())
    assert task.slug == "red-team"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["deploy", "helpfulness", "nobody=100"], "no snapshot “nobody”"),
        (["deploy", "helpfulness", "initial=60"], "add up to 100"),
        (["deploy", "poetry", "initial=100"], "helpfulness, red-team, scoring-pm"),
        (["rollback", "helpfulness"], "no earlier generation"),
        (["export", "--format", "hh", "/dev/null/out"], "not written"),
        (["export", "--format", "hh", "--tranche", "x", "/dev/null/out"], "no tranche “x”"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    installed: Settings, capsys: Out, arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == 3
    assert sentence in one_sentence(capsys)


def test_deploying_and_rolling_back_by_command(installed: Settings, capsys: Out) -> None:
    with db.writing() as session:
        make_snapshot(session, "2026-w48")
    assert main(["deploy", "helpfulness", "2026-w48=90", "initial=10", "--reason", "it is better"]) == 0
    assert capsys.readouterr().out == "helpfulness, generation 2: 2026-w48 90 %, initial 10 %\n"
    assert main(["rollback", "helpfulness"]) == 0
    assert capsys.readouterr().out == "helpfulness, generation 3: initial 100 %\n"
    with db.reading() as session:
        audited = session.scalars(select(AuditEvent).where(AuditEvent.reason == "it is better")).one()
    assert audited.action == "deploy"


def test_a_canary_is_deployed_and_promoted_by_command(installed: Settings, capsys: Out) -> None:
    with db.writing() as session:
        make_snapshot(session, "2026-w48", directory=None)
    assert main(["deploy", "helpfulness", "2026-w48=90", "initial=10", "--canary", "5"]) == 0
    assert capsys.readouterr().out == (
        "helpfulness, generation 2: 2026-w48 5 % (once promoted: 90 %), initial 95 % (once promoted: 10 %)\n"
    )
    assert main(["promote", "helpfulness", "--reason", "no complaint"]) == 0
    assert capsys.readouterr().out == "helpfulness, generation 3: 2026-w48 90 %, initial 10 %\n"
    assert main(["promote", "helpfulness"]) == 3
    assert "has no canary" in one_sentence(capsys)


def test_iterate_without_a_broker_starts_nothing(installed: Settings, capsys: Out) -> None:
    assert main(["iterate", "--now"]) == 3
    assert "(REDIS_URL) cannot be reached" in one_sentence(capsys)
    assert count(Iteration) == 0


def test_iterate_waits_for_enough_new_comparisons_unless_now(
    installed: Settings, valkey: str, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    monkeypatch.setenv("REDIS_URL", valkey)
    get_settings.cache_clear()
    assert main(["iterate", "--no-wait"]) == 3
    assert "There are 0 new comparisons and the schedule wants 200" in one_sentence(capsys)
    arguments = ["--preset", "toy", "--set", "pm.max_comparisons=600", "--set", "pm.half=first", "--no-wait"]
    assert main(["iterate", "--now", *arguments]) == 0
    with db.reading() as session:
        iteration = session.scalars(select(Iteration)).one()
    assert (iteration.preset, iteration.overrides) == ("toy", {"pm.max_comparisons": 600, "pm.half": "first"})
    assert main(["iterate", "--now", "--no-wait"]) == 3
    assert "Another iteration is running" in one_sentence(capsys)


GATE = {"lines": [{"check": "kl", "verdict": "fail", "value": 31.0, "limit": 20.0, "sentence": "KL is 31 nats."}]}


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [
        (IterationStatus.DEPLOYED, 0),
        (IterationStatus.FAILED, 1),
        (IterationStatus.CANCELLED, 1),
        (IterationStatus.HELD, 2),
    ],
)
def test_following_prints_what_changes_and_exits_by_the_verdict(
    installed: Settings, capsys: Out, monkeypatch: pytest.MonkeyPatch, status: IterationStatus, exit_code: int
) -> None:
    with db.writing() as session:
        iteration = iterations.start(session, "toy")
        stage_id = iteration.stages[0].id

    def step_one() -> None:
        with db.writing() as session:
            run = TrainingRun(module="train_pm", directory="x", progress={"phase": "train", "done": 3, "total": 9})
            session.add(run)
            session.flush()
            stage = session.get_one(StageRun, stage_id)
            stage.status, stage.training_run_id = StageStatus.RUNNING, run.id

    def step_two() -> None:
        with db.writing() as session:
            session.get_one(StageRun, stage_id).status = StageStatus.SUCCEEDED
            found = session.get_one(Iteration, iteration.id)
            found.stages.append(StageRun(stage="gate", status=StageStatus.SUCCEEDED, result=GATE))
            iterations.close(found, status, "KL is 31 nats.")

    steps = iter([step_one, step_two])
    monkeypatch.setattr(follow.time, "sleep", lambda _: next(steps)())
    assert follow.follow(iteration.id) == exit_code
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1)[1] for line in printed[:4]] == [
        "freeze_tranche   waits for a worker",
        "freeze_tranche   running",
        "freeze_tranche   train 3/9",
        "freeze_tranche   done",
    ]
    assert printed[5].split() == ["fail", "kl:", "KL", "is", "31", "nats."]
    assert f"is {status} after" in printed[-1]
    assert printed[-1].endswith(": KL is 31 nats.")


def test_an_unreachable_database_is_one_sentence(
    configured: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:secret@127.0.0.1:{free_port()}/turnwise")
    get_settings.cache_clear()
    db.get_engine.cache_clear()
    assert main(["init"]) == 3
    said = one_sentence(capsys)
    assert "cannot be reached" in said
    assert "secret" not in said


def test_a_database_without_tables_is_one_sentence(configured: Settings, capsys: Out) -> None:
    assert main(["init"]) == 3
    assert "has no tables yet" in one_sentence(capsys)


def test_an_address_that_is_none_is_one_sentence(
    configured: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    monkeypatch.setenv("DATABASE_URL", "oracel://nowhere")
    get_settings.cache_clear()
    db.get_engine.cache_clear()
    assert main(["init"]) == 3
    assert "DATABASE_URL" in one_sentence(capsys)
    monkeypatch.setenv("DATABASE_URL", "sqlite://")  # for the fixture, which ends what it began
    get_settings.cache_clear()


def test_wrong_arguments_do_not_look_like_a_held_iteration(capsys: Out) -> None:
    with pytest.raises(SystemExit) as exited:
        main(["iterate", "--set", "nonsense"])
    assert exited.value.code == 3
    assert "is not FIELD=VALUE" in capsys.readouterr().err
    with pytest.raises(SystemExit) as exited:
        main(["iterate", "--set", "policy.max_kl=3"])
    assert exited.value.code == 3
    assert "there is no field policy.max_kl to override; did you mean gate.max_kl?" in capsys.readouterr().err


def test_the_doctor_says_what_is_missing(configured: Settings, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERENCE_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("BASE_MODEL", "./nowhere")
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    command.upgrade(ALEMBIC, "head")
    get_settings.cache_clear()
    assert main(["doctor"]) == 1
    lines = {line[5:].split(":")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["database"].startswith("ok ")
    assert lines["snapshots"].startswith("ok ")
    for what in ("broker", "inference", "base model"):
        assert lines[what].startswith("BAD"), lines[what]
    assert "./nowhere is neither a local directory nor a hub id" in lines["base model"]


def test_the_doctor_finds_an_unmigrated_database(configured: Settings, capsys: Out) -> None:
    assert main(["doctor"]) == 1
    assert "has no tables yet" in capsys.readouterr().out.splitlines()[0]


def test_as_a_process_it_ends_with_one_sentence_and_never_loads_torch(tmp_path: Path) -> None:
    environment = os.environ | {"DATABASE_URL": "postgresql://127.0.0.1:1/x", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "app.cli", "init"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert (done.returncode, len(said), done.stdout) == (3, 1, "")
    assert " torch\n" not in done.stderr


def test_a_study_is_imported_by_its_file_and_a_wrong_one_is_one_sentence(
    engine: Engine, tmp_path: Path, capsys: Out
) -> None:
    path = tmp_path / "study.json"
    path.write_text(STUDY)
    assert main(["import-study", str(path), "--name", "scan"]) == 0
    assert capsys.readouterr().out == "scan: 2 PMs of toy\n"
    assert main(["figure", "pm-mixture", "--csv"]) == 0
    assert "scan: red-team,25.0,65.0" in capsys.readouterr().out
    path.write_text("{}")
    assert main(["import-study", str(path), "--name", "scan"]) == 3
    assert "is no study.json" in capsys.readouterr().err
    assert main(["import-study", str(tmp_path / "none.json"), "--name", "scan"]) == 3
    assert "No such file" in capsys.readouterr().err
