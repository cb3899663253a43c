import pytest
from sqlalchemy.orm import Session

from app.snapshots.service import active_generation
from app.snapshots.shares import Wanted, canary
from app.tables import Iteration, SnapshotKind
from models.run import BadInput
from tests.factories import make_deployment, make_snapshot, make_task
from worker.presets import ShareConfig, parse_config
from worker.stages import deploy
from worker.stages.deploy import shares
from worker.week import Week

CONFIG = ShareConfig()


def earlier(*names: str) -> list[Wanted]:
    return [Wanted(name, 1) for name in names]


def test_the_new_policy_two_earlier_ones_and_the_initial_policy() -> None:
    wanted = shares(CONFIG, "new", earlier("w3", "w2", "w1"))
    assert wanted == [Wanted("new", 50), Wanted("w3", 20), Wanted("w2", 20), Wanted("initial", 10)]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((), {"new": 83.33, "initial": 16.67}),
        (("w1",), {"new": 62.5, "w1": 25, "initial": 12.5}),
    ],
)
def test_while_there_are_fewer_the_proportions_stay_and_the_sum_is_100(
    before: tuple[str, ...], expected: dict[str, float]
) -> None:
    wanted = shares(CONFIG, "new", earlier(*before))
    assert {line.snapshot: line.share for line in wanted} == expected
    assert sum(line.share for line in wanted) == pytest.approx(100, abs=1e-9)


def test_the_initial_policy_never_disappears_and_any_proportions_add_up() -> None:
    for config in (ShareConfig(new=0.1, earlier=100, initial=0.1), ShareConfig(new=33, earlier=33, initial=33)):
        for before in ((), ("a",), ("a", "b")):
            wanted = shares(config, "new", earlier(*before))
            assert wanted[-1].snapshot == "initial"
            assert all(line.share > 0 for line in wanted)
            assert sum(line.share for line in wanted) == pytest.approx(100, abs=1e-9)


def test_a_share_with_best_of_k_stays_best_of_k() -> None:
    wanted = shares(CONFIG, "new", [Wanted("w1", 10, best_of=16), Wanted("w1", 10)])
    assert [(line.snapshot, line.best_of) for line in wanted] == [("new", 1), ("w1", 16), ("w1", 1), ("initial", 1)]


def test_a_week_may_begin_with_a_canary_and_its_stage_says_what_each_will_have() -> None:
    config = parse_config("toy", {"shares.canary": 5}).shares
    answering = [Wanted("w1", 80), Wanted("initial", 20)]
    wanted = shares(config, "new", answering[:1])
    assert canary(wanted, answering, config.canary or 0) == [
        Wanted("new", 5, full_share=62.5),
        Wanted("w1", 76, full_share=25),
        Wanted("initial", 19, full_share=12.5),
    ]
    with pytest.raises(BadInput, match="canary"):
        parse_config("toy", {"shares.canary": 60})


def test_a_canary_that_nobody_promoted_keeps_at_most_its_share() -> None:
    before = [Wanted("w2", 5, full_share=62.5), Wanted("w1", 76, full_share=25)]
    wanted = shares(CONFIG, "new", before)
    assert wanted == [Wanted("new", 65), Wanted("w2", 5), Wanted("w1", 20), Wanted("initial", 10)]


def test_thirds_of_a_canary_add_up_to_100() -> None:
    answering = [Wanted("a", 33.33), Wanted("b", 33.33), Wanted("initial", 33.34)]
    lines = canary([Wanted("new", 60), Wanted("initial", 40)], answering, 7)
    assert [line.share for line in lines] == [7, 31, 31, 31]
    assert canary([Wanted("new", 100)], [], 7) == [Wanted("new", 100)], "nobody answers yet"


def test_policies_of_an_earlier_base_go_and_the_initial_policy_stays(session: Session) -> None:
    before = [make_snapshot(session, name, base_hash=base) for name, base in (("w1", "a"), ("w2", "b"))]
    task = make_task(session)
    for snapshot in (*before, make_snapshot(session, "initial")):
        make_deployment(session, task, snapshot, 30)
    policy = make_snapshot(session, "w3", base_hash="b")
    pm = make_snapshot(session, "pm", SnapshotKind.PM)
    results = {"train_policy": {"snapshot_id": policy.id}, "train_pm": {"snapshot_id": pm.id}}
    iteration = Iteration(number=1, name="week", preset="toy", overrides={})
    session.add(iteration)
    session.flush()
    deploy.record(session, Week(iteration, "", parse_config("toy", {}), results, ""))
    assert {row.snapshot.name for row in active_generation(session, task)} == {"w3", "w2", "initial"}
