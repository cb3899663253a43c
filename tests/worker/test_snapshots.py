"""What a run made, in the snapshot store and as a row."""

from collections.abc import Callable

from sqlalchemy import select

from app import db, settings
from app.tables import RunStatus, Snapshot, SnapshotKind, TrainingRun
from tests.worker.conftest import Stage
from worker import snapshots

MakeStage = Callable[[dict[str, object]], Stage]


def test_a_snapshot_is_registered_once_and_whole(stage: MakeStage) -> None:
    week = stage({"steps": 1})
    week.carry_out()
    run = week.run()
    left_over = settings.get_settings().snapshots_dir / "week-pm"
    left_over.mkdir(parents=True)
    (left_over / "half").write_text("a kill between the files and the commit")
    for _ in range(2):
        with db.writing() as session:
            snapshot = snapshots.register(session, run, SnapshotKind.PM, "week-pm", week.iteration)
    assert (snapshot.name, snapshot.base_hash, snapshot.data_hash) == ("week-pm", "b", "d")
    store = settings.get_settings().snapshots_dir
    assert [path.name for path in store.iterdir()] == ["week-pm"]
    assert {path.name for path in (store / "week-pm").iterdir()} == {"adapter_model.safetensors", "manifest.json"}
    with db.reading() as session:
        assert len(session.scalars(select(Snapshot)).all()) == 1


def test_a_second_training_under_the_same_name_does_not_touch_the_first_snapshot(stage: MakeStage) -> None:
    week = stage({"steps": 1})
    week.carry_out()
    with db.writing() as session:
        first = snapshots.register(session, week.run(), SnapshotKind.PM, "week-pm", week.iteration)
        other = TrainingRun(module="train_pm", directory="week/other", status=RunStatus.SUCCEEDED)
        session.add(other)
    directory = settings.get_settings().runs_dir / "week" / "other" / "snapshot"
    directory.mkdir(parents=True)
    (directory / "manifest.json").write_text('{"base": {"hash": "c"}, "files": {}}')
    with db.writing() as session:
        second = snapshots.register(session, other, SnapshotKind.PM, "week-pm", week.iteration)
    assert (first.name, second.name) == ("week-pm", "week-pm-2")
