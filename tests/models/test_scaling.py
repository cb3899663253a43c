import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import scaling, tiny, train_pm
from models.dialogue import read_conversations
from models.run import BadInput
from models.scaling import Run, is_red_team, law

CONFIG = {
    "base": "toy", "learning_rate": 0.01, "head_learning_rate": 0.01, "batch_comparisons": 8, "threads": 1,
    "adapters": 1, "dtype": "float32",
}  # fmt: skip


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study's directory beside files in which the red team wants the opposite of what everybody else wants."""
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "config.json").write_text(json.dumps(CONFIG))
    told = list(tiny.conversations(290, seed=1, turns=1, noise=0))
    tiny.write_comparisons(tmp_path / "helpful.jsonl", iter(told[:250]))
    opposite = [
        replace(c, turns=tuple(replace(t, chosen=t.rejected, rejected=t.chosen) for t in c.turns))
        for c in tiny.conversations(290, seed=2, turns=1, noise=0)
    ]
    tiny.write_comparisons(tmp_path / "harmless.jsonl", iter(opposite[:250]))
    (tmp_path / "test").mkdir()
    tiny.write_comparisons(tmp_path / "test" / "helpful.jsonl", iter(told[250:]))
    tiny.write_comparisons(tmp_path / "test" / "harmless.jsonl", iter(opposite[250:]))
    return tmp_path / "study"


def carry_out(monkeypatch: pytest.MonkeyPatch, study: Path, *more: str, both: bool = True) -> dict[str, Any]:
    names = ["helpful.jsonl", "harmless.jsonl"] if both else ["helpful.jsonl"]
    files = [str(study.parent / name) for name in names]
    test = ["--test", *(str(study.parent / "test" / name) for name in names)]
    monkeypatch.setattr(sys, "argv", ["scaling", str(study), *files, *test, *more])
    scaling.command()
    return json.loads((study / "study.json").read_text())  # type: ignore[no-any-return]


def test_the_law_by_hand() -> None:
    assert law([500, 500], [0.6, 0.7]) is None
    two = law([1000, 2000], [0.6, 0.62])
    assert two is not None
    assert (two.a, two.b) == (pytest.approx(0.6), pytest.approx(0.02 / math.log(2)))
    assert two.a_error is None
    # ln D / 1000 = −1, 0, 1 and residuals 1/6, −1/3, 1/6 of 0.01: σ² = 1/6 · 1e-4.
    three = law([round(1000 / math.e), 1000, round(1000 * math.e)], [0.60, 0.61, 0.63])
    assert three is not None
    assert three == pytest.approx((0.61333, 0.015, math.sqrt(1e-4 / 18), math.sqrt(1e-4 / 12)), rel=2e-3)


def test_a_planted_law_is_found_within_its_errors() -> None:
    draw = np.random.default_rng(0)
    sizes = [500, 1000, 2000, 4000] * 3
    accuracies = [0.58 + 0.015 * math.log(d / 1000) + draw.normal(0, 0.005) for d in sizes]
    found = law(sizes, accuracies)
    assert found is not None
    assert found.a_error is not None
    assert found.b_error is not None
    assert abs(found.b - 0.015) < 3 * found.b_error < 0.02
    assert abs(found.a - 0.58) < 3 * found.a_error


def test_pms_of_one_objective_are_below_chance_on_the_other(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = carry_out(monkeypatch, study, "--sizes", "--mixtures", "0", "1", "--mixture-comparisons", "130")
    helpful, harmless = found["runs"]
    assert [(run["trained_on"], run["harmless"]) for run in found["runs"]] == [(130, 0.0), (130, 1.0)]
    for run, own, other in [(helpful, "helpfulness", "red-team"), (harmless, "red-team", "helpfulness")]:
        assert run["by_task"][own]["accuracy"] > 0.6
        assert run["by_task"][other]["accuracy"] < 0.4
    table = (study / "study.md").read_text()
    assert "| toy | 130 | 100% | 0 |" in table


def test_sizes_are_nested_fitted_and_not_trained_twice(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = ["--sizes", "8", "24", "all"]
    found = carry_out(monkeypatch, study, *sizes, both=False)
    assert [run["trained_on"] for run in found["runs"]][:2] == [8, 24]
    seen = [
        {c.id for c in read_conversations(study / "runs" / run["name"] / "comparisons.jsonl").conversations}
        for run in found["runs"]
    ]
    assert seen[0] < seen[1] < seen[2]
    points = [(run["trained_on"], run["overall"]["accuracy"]) for run in found["runs"]]
    expected = law(*zip(*points, strict=True))  # type: ignore[arg-type]
    assert expected is not None
    assert found["laws"]["toy"] == expected._asdict()
    assert f"± {expected.b_error:.4f}" in (study / "study.md").read_text()

    def never(*_: object) -> Any:
        raise AssertionError("a run that has a result was carried out again")

    monkeypatch.setattr(scaling, "judge", never)
    monkeypatch.setattr(train_pm, "accumulate", never)
    assert carry_out(monkeypatch, study, *sizes, both=False) == found

    (study / "config.json").write_text(json.dumps(CONFIG | {"learning_rate": 0.02}))
    with pytest.raises(BadInput, match="is of other comparisons or another config; remove it"):
        carry_out(monkeypatch, study, *sizes, both=False)


def test_no_family_is_trained_and_tested_on(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[tuple[list[Run], list[Any], list[Any]]] = []
    monkeypatch.setattr(scaling, "study", lambda directory, *plan: plans.append(plan))
    (study / "study.json").write_text("{}")
    (study / "study.md").write_text("")
    carry_out(monkeypatch, study)
    monkeypatch.setattr(sys, "argv", ["scaling", str(study), str(study.parent / "helpful.jsonl")])
    scaling.command()
    for runs, training, test in plans:
        assert [run.comparisons for run in runs] == [500, 1000, 2000, None]
        assert not {c.family for c in training} & {c.family for c in test}
    assert {c.task for c in plans[0][1]} == {"helpfulness", "red-team"}
    assert {c.split for c in plans[1][2]} == {"test"}


def test_what_the_files_cannot_give_is_one_sentence(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"500 comparisons are wanted for training; the files hold \d+\."):
        carry_out(monkeypatch, study, "--sizes", "500")
    with pytest.raises(BadInput, match="50 comparisons of red-team tasks are wanted for training; the files hold 0"):
        carry_out(monkeypatch, study, "--sizes", "--mixtures", "0.5", "--mixture-comparisons", "100", both=False)
    for odd in (["--sizes", "few"], ["--mixtures", "50"]):
        with pytest.raises(SystemExit):
            carry_out(monkeypatch, study, *odd)


def test_a_base_that_can_read_nothing_of_a_task_or_nothing_at_all_has_no_accuracy_there(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = {"comparisons": 8, "accuracy": 0.5, "low": 0.2, "high": 0.8, "longer_wins": 0.5}
    read = {"long": part, "short": {"comparisons": 0}}
    monkeypatch.setattr(train_pm, "train", lambda run: None)
    monkeypatch.setattr(scaling, "_prepare", lambda place, *_: place.mkdir(parents=True))
    monkeypatch.setattr(
        scaling, "_evaluated",
        lambda place, test: {"trained_on": 8, "overall": read[place.name.split("-")[0]], "by_task": {place.name: part}},
    )  # fmt: skip
    scaling.study(study, [Run(base, 8, None, 0) for base in read], [], [])
    half = "50.0% (20.0 to 80.0)"
    assert f"| long | 8 | as it is | 0 | {half} | {half} | – | 50.0% |" in (study / "study.md").read_text()
    assert f"| short | 8 | as it is | 0 | – | – | {half} | – |" in (study / "study.md").read_text()


def test_a_file_is_of_the_task_that_it_or_else_its_directory_is_named_after() -> None:
    red = [
        "harmless-base.train.jsonl.gz",
        "hh/harmless-base/test.jsonl.gz",
        "red-team/rows.jsonl",
        "helpful/harmless.jsonl",
    ]
    assert all(is_red_team(Path(name)) for name in red)
    helpful = [
        "helpful-base.train.jsonl.gz",
        "harmless-study/helpful.jsonl",
        "helpful-online/test.jsonl.gz",
        "rows.jsonl",
    ]
    assert not any(is_red_team(Path(name)) for name in helpful)
