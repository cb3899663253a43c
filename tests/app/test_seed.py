"""What an installation begins with."""

from sqlalchemy import Engine, delete, func, select

from app import db, seed
from app.tables import ConsentText, Deployment, Role, Schedule, Snapshot, Task, TaskText
from app.tasks.defaults import DEFAULT_SYSTEM, HELPFULNESS
from models import dialogue
from tests.factories import make_account


def ensure() -> None:
    with db.writing() as session:
        seed.ensure_defaults(session)


def test_two_tasks_answered_by_the_initial_policy_and_a_weekly_iteration(engine: Engine) -> None:
    ensure()
    with db.reading() as session:
        tasks = {task.slug: task for task in session.scalars(select(Task))}
        assert {slug: task.choice_direction for slug, task in tasks.items()} == {
            "helpfulness": "pick-better",
            "red-team": "pick-worse",
        }
        snapshot = session.scalars(select(Snapshot)).one()
        assert (snapshot.name, snapshot.kind, snapshot.directory) == ("initial", "policy", None)
        for deployment in session.scalars(select(Deployment)):
            assert (deployment.generation, deployment.share, deployment.best_of) == (1, 100, 1)
            assert deployment.snapshot_id == snapshot.id
        assert session.scalar(select(func.count()).select_from(Deployment)) == 2
        schedule = session.scalars(select(Schedule)).one()
        assert (schedule.name, schedule.cron, schedule.timezone) == ("weekly", "0 4 * * 1", "UTC")
        assert (schedule.preset, schedule.enabled, schedule.min_new_comparisons) == ("small", True, 200)
        assert (schedule.next_run_at.weekday(), schedule.next_run_at.hour) == (0, 4)


def test_a_second_time_adds_nothing_and_keeps_what_was_edited(engine: Engine) -> None:
    ensure()
    with db.writing() as session:
        for task in session.scalars(select(Task)):
            task.system = "Edited."
        session.scalars(select(Schedule)).one().enabled = False
    ensure()
    with db.reading() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (Task, TaskText, Deployment)]
        assert counts == [2, 2, 2]
        assert {task.system for task in session.scalars(select(Task))} == {"Edited."}
        assert not session.scalars(select(Schedule)).one().enabled


def test_a_database_from_before_consent_had_versions_gets_the_text_and_keeps_its_own(engine: Engine) -> None:
    ensure()
    with db.writing() as session:
        session.execute(delete(ConsentText))
    ensure()
    with db.writing() as session:
        assert session.scalars(select(ConsentText.version)).all() == [1]
        session.scalars(select(ConsentText)).one().body = "Edited."
    ensure()
    with db.reading() as session:
        assert session.scalars(select(ConsentText.body)).all() == ["Edited."]


def test_texts_of_a_release_without_guides_are_followed_by_todays_and_a_researchers_own_stay(engine: Engine) -> None:
    ensure()
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
        for text in session.scalars(select(TaskText)):
            text.guide, text.qualification, text.instructions = "", [], "As it was."
            task = session.get_one(Task, text.task_id)
            text.created_by = researcher.id if task.slug == "red-team" else None
    for _ in range(2):
        ensure()
    with db.reading() as session:
        helpfulness, red_team = session.scalars(select(Task).order_by(Task.slug))
        assert (helpfulness.text_version, red_team.text_version) == (2, 1)
        assert helpfulness.current_text.guide == HELPFULNESS.guide
        assert helpfulness.current_text.qualification == HELPFULNESS.qualification
        kept = select(TaskText.instructions).where(TaskText.version == 1)
        assert session.scalars(kept).all() == ["As it was."] * 2, "what earlier choices were made by"


def test_the_system_message_is_the_one_that_training_uses_without_a_task() -> None:
    assert DEFAULT_SYSTEM == dialogue.DEFAULT_SYSTEM
