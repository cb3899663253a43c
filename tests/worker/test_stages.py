"""What the stages write for their children, from frozen rows; the children are the scripted one."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db, jobs, settings
from app.iterations import service
from app.tables import (
    SEEN,
    UNSEEN,
    ConversationStatus,
    Deployment,
    Evaluation,
    Iteration,
    IterationStatus,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
    TrainingRun,
)
from models.dialogue import family_of, split_of
from tests.factories import make_comparison, make_conversation, make_deployment, make_snapshot, make_turn
from worker import runs
from worker.iteration import run_stage
from worker.presets import parse_config
from worker.stages import evaluate_pm, evaluate_policy
from worker.stages.evaluate_policy import measures
from worker.stages.inputs import at_most, comparisons_in, prompts, sample
from worker.stages.train_pm import belongs_to_test_pm
from worker.week import Week

TRAIN = [text for text in (f"Question {n}?" for n in range(60)) if split_of(family_of(text)) == "train"]
TEST = [text for text in (f"Question {n}?" for n in range(200)) if split_of(family_of(text)) == "test"]


def hold(session: Session, *openers: str) -> None:
    """A finished conversation of two decided turns for each opener."""
    for opener in openers:
        conversation = make_conversation(session, family=family_of(opener))
        make_comparison(session, make_turn(session, conversation, ("Yes.", "No."), text=opener), picked="b")
        make_comparison(session, make_turn(session, conversation, ("More.", "Less."), text="And then?"))
        conversation.status = ConversationStatus.COMPLETED


@pytest.fixture
def sent(scripted: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stages whose job was sent."""
    sent: list[str] = []
    monkeypatch.setattr(jobs, "send", lambda name, *ids: sent.extend(ids))
    monkeypatch.setenv("CHILD_SCRIPT", '{"steps": 1}')
    monkeypatch.setenv("BASE_MODEL", "toy")
    settings.get_settings.cache_clear()
    return sent


def start(**overrides: object) -> str:
    dotted = {name.replace("__", "."): value for name, value in overrides.items()}
    with db.writing() as session:
        return service.start(session, "toy", dotted).id


def run(sent: list[str], stages: int) -> None:
    for _ in range(stages):
        run_stage(sent.pop())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def result(stage: str) -> dict[str, Any]:
    with db.reading() as session:
        row = session.scalars(select(StageRun).where(StageRun.stage == stage)).one()
        assert row.status == StageStatus.SUCCEEDED, row.error
        assert row.result is not None
        return row.result


def directory(pattern: str) -> Path:
    (found,) = settings.get_settings().runs_dir.glob(f"*/{pattern}-????????")
    return found


def test_freezing_nothing_fails_in_one_sentence(sent: list[str]) -> None:
    id = start()
    run(sent, 1)
    with db.reading() as session:
        iteration = session.get_one(Iteration, id)
        assert iteration.status == IterationStatus.FAILED
        assert str(iteration.reason).startswith("There is nothing to train on: nobody has compared anything yet")


def test_only_test_families_fail_in_one_sentence_and_nothing_is_frozen(sent: list[str]) -> None:
    with db.writing() as session:
        hold(session, TEST[0])
    id = start()
    run(sent, 1)
    with db.reading() as session:
        reason = session.get_one(Iteration, id).reason
        assert reason == "There is nothing to train on: all 2 comparisons belong to test families."
        frozen = select(StageRun).where(StageRun.status == StageStatus.SUCCEEDED)
        assert session.scalars(frozen).all() == []


def test_freezing_pins_the_deployed_pm_and_counts_both_splits(sent: list[str]) -> None:
    with db.writing() as session:
        hold(session, *TRAIN[:3], TEST[0])
        pm = make_snapshot(session, "last-week", SnapshotKind.PM, directory="last-week")
        make_deployment(session, None, pm)
    start()
    run(sent, 1)
    frozen = result("freeze_tranche")
    assert frozen["by_split"] == {"train": 6, "test": 2}
    assert frozen["deployed_pm_id"] == pm.id
    assert [tranche["comparisons"] for tranche in frozen["tranches"]] == [8]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"policy__rollouts": 33}, "policy: rollouts is 33, but must be a multiple of responses_per_prompt (2)."),
        ({"policy__start": "/no"}, "policy: start is '/no', but must be the absolute path of a snapshot's directory."),
        ({"policy__initial": "."}, "policy: initial is '.', but must be the absolute path of a snapshot's directory."),
        (
            {"pm__pmp_comparisons": ["public.jsonl"]},
            "pm: pmp_comparisons names 'public.jsonl', but must name files by their absolute paths.",
        ),
        (
            {"policy__helpful_share": 0.8},
            "policy: helpful_share is 0.8, but no training comparison is of the task red-team.",
        ),
    ],
)
def test_what_a_later_stage_could_not_use_is_refused_by_the_first(
    sent: list[str], overrides: dict[str, object], sentence: str
) -> None:
    with db.writing() as session:
        hold(session, *TRAIN[:2])
    id = start(**overrides)
    run(sent, 1)
    with db.reading() as session:
        assert session.get_one(Iteration, id).reason == sentence


def test_what_is_there_and_a_share_that_needs_one_task_alone_pass_the_first_stage(
    sent: list[str], tmp_path: Path
) -> None:
    (tmp_path / "manifest.json").touch()
    with db.writing() as session:
        hold(session, *TRAIN[:2])
    start(policy__start=str(tmp_path), pm__pmp_comparisons=[str(tmp_path / "manifest.json")], policy__helpful_share=1)
    run(sent, 1)
    assert result("freeze_tranche")["by_split"] == {"train": 4, "test": 0}


def test_a_pm_reads_every_conversation_with_its_split(sent: list[str]) -> None:
    with db.writing() as session:
        hold(session, *TRAIN[:3], TEST[0])
    start(pm__epochs=2)
    run(sent, 2)
    found = lines(directory("pm") / "comparisons.jsonl")
    assert sorted(row["split"] for row in found) == ["test", "train", "train", "train"]
    assert {row["turns"][0]["human"] for row in found} == {*TRAIN[:3], TEST[0]}
    first, second = found[0]["turns"]
    assert (first["chosen"], first["rejected"], first["trunk"]) == (1, 0, 1)
    assert second["human"] == "And then?"
    config = json.loads((directory("pm") / "config.json").read_text())
    assert (config["base"], config["epochs"]) == ("toy", 2)
    assert config["name"].endswith("-pm")
    trained = result("train_pm")
    assert trained["test_pm"] is None
    with db.reading() as session:
        snapshot = session.get_one(Snapshot, trained["snapshot_id"])
        assert (snapshot.kind, snapshot.name) == (SnapshotKind.PM, config["name"])


def test_with_enough_data_a_test_pm_trains_on_families_that_the_pm_never_sees(sent: list[str]) -> None:
    with db.writing() as session:
        hold(session, *TRAIN, TEST[0])
    start(data__test_pm_from=10, data__test_pm_families=30)
    run(sent, 2)
    of_pm, of_test_pm = (
        {row["family"] for row in lines(directory(what) / "comparisons.jsonl") if row["split"] == "train"}
        for what in ("pm", "test-pm")
    )
    assert of_pm | of_test_pm == {family_of(text) for text in TRAIN}
    assert of_pm & of_test_pm == set()
    assert 5 < len(of_test_pm) < len(of_pm)
    trained = result("train_pm")
    with db.reading() as session:
        names = set(session.scalars(select(Snapshot.name)))
        assert names == {trained["snapshot"], trained["test_pm"]["snapshot"]}
        row = session.scalars(select(StageRun).where(StageRun.stage == "train_pm")).one()
        shown = session.get_one(TrainingRun, row.training_run_id)
        assert shown.directory.split("/")[1].startswith("pm-")  # the dashboard shows the PM's run


def test_a_test_pm_without_families_is_none(sent: list[str]) -> None:
    with db.writing() as session:
        hold(session, *TRAIN[:6])
    start(data__test_pm_from=10, data__test_pm_families=0)
    run(sent, 2)
    assert result("train_pm")["test_pm"] is None


def test_a_policy_trains_on_what_humans_said_in_training_families(sent: list[str]) -> None:
    with db.writing() as session:
        hold(session, *TRAIN[:2])
    start()
    run(sent, 4)  # without test comparisons the PM's evaluation has nothing to run
    found = lines(directory("policy") / "prompts.jsonl")
    assert len(found) == 4
    longest = max(found, key=lambda row: len(row["prompt"]))
    assert [message["role"] for message in longest["prompt"]] == ["user", "assistant", "user"]
    assert longest["prompt"][1]["content"] == "No."  # the picked one is what the dialogue went on from
    assert longest["system"] == "Be kind."
    config = json.loads((directory("policy") / "config.json").read_text())
    assert Path(config["pm"]) == (settings.get_settings().snapshots_dir / result("train_pm")["snapshot"]).resolve()
    assert config["test_pm"] is None
    with db.reading() as session:
        snapshot = session.get_one(Snapshot, result("train_policy")["snapshot_id"])
        assert (snapshot.kind, snapshot.pm_id) == (SnapshotKind.POLICY, result("train_pm")["snapshot_id"])
    assert result("evaluate_pm") == {
        "measures": {"comparisons": 0, "accuracy": None, "deployed_accuracy": None, "standard_error": None}
    }


def test_where_generated_prompts_have_a_share_the_base_writes_them_first(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out, asked = runs.carry_out, []

    def write(run: TrainingRun, stage_run_id: str, arguments: list[str]) -> None:
        if run.module != "generate_prompts":
            carry_out(run, stage_run_id, arguments)
            return
        asked.append(arguments)
        rows = [{"prompt": f"New {n}?", "task": "helpfulness", "generated_by": "base"} for n in range(2)]
        Path(arguments[2]).write_text("".join(json.dumps(row) + "\n" for row in rows))

    monkeypatch.setattr(runs, "carry_out", write)
    with db.writing() as session:
        hold(session, *TRAIN[:2])
    start(policy__generated_share=0.3)
    run(sent, 4)
    ((who, examples, _, *options),) = asked
    assert (who, options) == ("base", ["--count", "5"])  # of the toy preset's 32 rollouts, two to a prompt
    shown = lines(Path(examples))
    assert {row["prompt"][0]["content"] for row in shown} == set(TRAIN[:2])
    assert {len(row["prompt"]) for row in shown} == {1}
    found = lines(directory("policy") / "prompts.jsonl")
    assert [row.get("generated_by") for row in found] == [None] * 4 + ["base"] * 2
    assert found[-1]["prompt"] == [{"role": "user", "content": "New 1?"}]
    assert found[-1]["system"] == "Be kind."
    with db.reading() as session:
        row = session.scalars(select(StageRun).where(StageRun.stage == "train_policy")).one()
        assert session.get_one(TrainingRun, row.training_run_id).module == "train_policy"


def test_policies_along_the_run_are_snapshots_of_the_week_and_not_deployed(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHILD_SCRIPT", '{"steps": 1, "snapshots": ["week-policy-kl1", "week-policy-kl4"]}')
    carry_out = runs.carry_out
    monkeypatch.setattr(  # an evaluation would be a real one, of a PM that is none
        runs, "carry_out", lambda run, *rest: None if run.module == "evaluate_pm" else carry_out(run, *rest)
    )
    with db.writing() as session:
        hold(session, *TRAIN[:2], TEST[0])
    id = start()
    run(sent, 4)
    # What watches the run belongs to a family that no training saw.
    assert [row["turns"][0]["human"] for row in lines(directory("policy") / "comparisons.jsonl")] == [TEST[0]]
    with db.reading() as session:
        rows = session.scalars(select(Snapshot).where(Snapshot.kind == SnapshotKind.POLICY)).all()
        found = {row.name: row for row in rows}
        last = result("train_policy")["snapshot"]
        assert set(found) == {"week-policy-kl1", "week-policy-kl4", last}
        for name in found:
            weights = settings.get_settings().snapshots_dir / name / "adapter_model.safetensors"
            assert weights.read_text() == ("snapshot" if name == last else f"snapshots/{name}")
        assert {row.iteration_id for row in rows} == {id}
        assert {row.pm_id for row in rows} == {result("train_pm")["snapshot_id"]}
        assert session.scalars(select(Deployment)).all() == []


def test_whole_conversations_are_chosen_up_to_a_limit_and_the_same_every_time() -> None:
    rows = [
        {"id": str(n), "family": family_of(str(n)), "turns": [{"chosen": 0}, {"chosen": None}, {"chosen": 1}]}
        for n in range(10)
    ]
    chosen = at_most(rows, 5, comparisons_in)
    assert sum(map(comparisons_in, chosen)) == 6  # a conversation is not torn apart
    assert at_most(reversed(rows), 5, comparisons_in) == chosen
    assert len(at_most(rows, 1000, comparisons_in)) == 10


def test_a_sample_of_prompts_does_not_depend_on_their_order() -> None:
    turns = [{"human": f"Question {n}?", "candidates": [{"text": "Yes."}], "trunk": 0} for n in range(20)]
    found = list(prompts([{"system": "", "task": "helpfulness", "turns": turns}]))
    assert len(found) == 20
    assert sample(found, None) == found
    assert len(sample(found, 5)) == 5
    assert sample(reversed(found), 5) == sample(found, 5)


def test_the_test_pms_families_are_about_the_share_asked_for_on_both_sides_of_the_other_split() -> None:
    families = [family_of(f"opener {n}") for n in range(4000)]
    for split in ("train", "test"):
        side = [family for family in families if split_of(family) == split]
        share = sum(belongs_to_test_pm(family, 15) for family in side) / len(side)
        assert share == pytest.approx(0.15, abs=0.06)
    assert not any(belongs_to_test_pm(family, 0) for family in families)


def test_two_pms_are_compared_by_the_families_of_the_tested_comparisons(session: Session) -> None:
    iteration = Iteration(number=1, name="week", preset="toy", overrides={})
    session.add(iteration)
    new, deployed = (make_snapshot(session, name, SnapshotKind.PM) for name in ("new", "deployed"))
    results = {"train_pm": {"snapshot_id": new.id}, "freeze_tranche": {"deployed_pm_id": deployed.id}}
    week = Week(iteration, "", parse_config("toy", {}), results, "hash")
    for what, margins in (("new", [1, 1, -1, -1]), ("deployed", [-1, -1, -1, -1])):
        here = week.directory(f"evaluate-{what}-pm")
        session.add(
            TrainingRun(module="evaluate_pm", directory=str(here.relative_to(settings.get_settings().runs_dir)))
        )
        tested = [{"id": str(n), "family": "ab"[n // 2]} for n in range(4)]
        (here / "comparisons.jsonl").write_text("".join(json.dumps(row) + "\n" for row in tested))
        pairs = [{"id": str(n), "turn": 0, "margin": margin} for n, margin in enumerate(margins)]
        report = {"overall": {"comparisons": 4, "accuracy": 0.5}, "pairs": pairs}
        (here / "result.json").write_text(json.dumps(report))
    session.flush()
    assert evaluate_pm.record(session, week)["measures"]["standard_error"] == pytest.approx(0.5)


def test_an_evaluation_keeps_no_nul_that_a_policy_sampled(session: Session) -> None:
    policy = make_snapshot(session)
    iteration = Iteration(number=1, name="week", preset="toy", overrides={})
    session.add(iteration)
    session.flush()
    week = Week(iteration, "", parse_config("toy", {}), {"train_policy": {"snapshot_id": policy.id}}, "hash")
    here = week.directory("evaluate-policy")
    session.add(
        TrainingRun(module="evaluate_policy", directory=str(here.relative_to(settings.get_settings().runs_dir)))
    )
    side = {"kl_to_initial": 2.0, "entropy": 1.5, "length": 20.0, "end_of_turn_rate": 0.9, "refusal_rate": 0.0}
    report = {"prompts": 1, "new": side, "old": side, "paired": {"score": {"win_rate": 0.6}}}
    report["side_by_side"] = [{"prompt": "Hm?", "new": "a\0b"}]
    (here / "result.json").write_text(json.dumps(report))
    (here / "prompts.jsonl").write_text(json.dumps({"from": UNSEEN}) + "\n")
    evaluate_policy.record(session, week)
    session.flush()
    (row,) = session.scalars(select(Evaluation))
    assert row.result["side_by_side"] == [{"prompt": "Hm?", "new": "ab"}]


def test_prompts_that_training_saw_do_not_count_for_the_gate() -> None:
    side = {"score": 1.0, "kl_to_initial": 2.0, "entropy": 1.5, "length": 20.0}
    side |= {"end_of_turn_rate": 0.9, "refusal_rate": 0.0, "distinct_2": 0.8}
    report = {"prompts": 30, "new": side, "old": side, "paired": {"score": {"win_rate": 0.6}}}
    unseen = measures({**report, "prompts_from": UNSEEN})
    assert (unseen.prompts, unseen.kl, unseen.win_rate, unseen.test_win_rate) == (30, 2.0, 0.6, None)
    assert measures({**report, "prompts_from": SEEN}).prompts == 0
