import json
import math
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from models import evaluate_policy, tiny
from models.evaluate_policy import (
    Answer,
    best,
    by_task,
    compare,
    distinct_2,
    in_deviations,
    is_refusal,
    paired,
    summary,
)
from models.run import BadInput
from tests.models.test_sample import read, run, toy_is_the_base, write, write_policy
from tests.models.test_train_policy import write_pm

__all__ = ["toy_is_the_base"]  # a fixture


def evaluate(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["evaluate_policy", *map(str, arguments)])
    evaluate_policy.command()
    return json.loads(Path(str(arguments[2])).read_text())  # type: ignore[no-any-return]


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    tiny.write_prompts(tmp_path / "prompts.jsonl", tiny.prompts(12))
    return tmp_path / "prompts.jsonl"


@pytest.fixture
def pm(tmp_path: Path, toy_world: None) -> Path:
    write_pm(tmp_path / "pm")
    return tmp_path / "pm"


def test_means_are_over_responses_and_entropy_over_tokens() -> None:
    given = [
        Answer("one two", length=3, ended=True, score=1.0, test_score=None, kl_to_initial=0.5, entropy=3.0),
        Answer("I'm sorry, but no", length=1, ended=False, score=2.0, test_score=None, kl_to_initial=1.5, entropy=5.0),
    ]
    assert summary(given) == {
        "score": 1.5, "kl_to_initial": 1.0, "entropy": 2.0, "length": 2.0, "end_of_turn_rate": 0.5,
        "refusal_rate": 0.5, "distinct_2": 1.0,
    }  # fmt: skip


def answer(score: float) -> Answer:
    return Answer("yes", 1, True, score, None, 0.0, 0.0)


def test_each_task_has_its_own_numbers_and_prompts_without_one_are_in_none() -> None:
    new, old = ([answer(score) for score in scores] for scores in ((1, 3, 5, 5, 0, 0), (1, 1, 9, 9, 0, 0)))
    found = by_task(["helpfulness", "red-team", None], [new, old], per_prompt=2)
    assert list(found) == ["helpfulness", "red-team"]
    assert [(f["prompts"], f["new"]["score"], f["old"]["score"]) for f in found.values()] == [(1, 2, 1), (1, 5, 9)]
    assert [f["paired"]["score"]["mean"] for f in found.values()] == [1, -4]
    assert "old" not in by_task(["red-team", None, None], [new], per_prompt=2)["red-team"]


def test_the_paired_interval_by_hand() -> None:
    # Differences 1, 2, 3, 0: mean 1.5, variance 5/3, half width 1.96·sqrt(5/12).
    made = paired([2, 4, 6, 5], [1, 2, 3, 5])
    half = 1.96 * math.sqrt(5 / 12)
    assert made == {
        "mean": 1.5, "low": pytest.approx(1.5 - half), "high": pytest.approx(1.5 + half), "win_rate": 3.5 / 4,
    }  # fmt: skip


def test_responses_to_one_prompt_do_not_narrow_the_interval() -> None:
    new, old = [2.0, 4.0, 6.0, 5.0], [1.0, 2.0, 3.0, 5.0]
    twice = paired([x for x in new for _ in range(2)], [x for x in old for _ in range(2)], per_prompt=2)
    assert twice == pytest.approx(paired(new, old))


def test_a_test_pm_is_compared_too() -> None:
    a, b = Answer("", 1, True, 1.0, 5.0, 0.0, 0.0), Answer("", 1, True, 3.0, 4.0, 0.0, 0.0)
    made = compare([a, b], [b, a], per_prompt=1)
    assert made["score"]["win_rate"] == made["test_score"]["win_rate"] == 0.5
    assert made["test_score"]["mean"] == 0


def test_a_gain_is_told_in_deviations_within_a_prompt_beside_choosing_the_best() -> None:
    # Within prompts the old scores lie 1 and 3 from their means: variance (2 + 18) / 2; the best is 2 above on average.
    old, gain = [4.0, 6.0, 100.0, 106.0], {"mean": 5.0, "low": 1.0, "high": 9.0}
    deviation = math.sqrt(10)
    assert in_deviations(gain, old, 2) == pytest.approx(
        {
            "deviation": deviation, "gain": 5 / deviation, "gain_low": 1 / deviation, "gain_high": 9 / deviation,
            "best_of_2": 2 / deviation,
        }
    )  # fmt: skip
    assert in_deviations(gain, old, 1) == {}
    assert in_deviations(gain, [3.0, 3.0, 8.0, 8.0], 2) == {}


def of_length(length: int, score: float) -> Answer:
    return Answer("", length, True, score, None, 0.0, 0.0)


def level(new: list[Answer], old: list[Answer], per_prompt: int) -> dict[str, float]:
    return compare(new, old, per_prompt)["score"]["at_equal_length"]  # type: ignore[no-any-return]


def test_a_gain_by_length_alone_is_none_at_equal_length() -> None:
    chance = random.Random(0)
    prompts = [chance.gauss(0, 5) for _ in range(30) for _ in range(2)]  # one offset for each pair of responses
    prompts[1::2] = prompts[::2]
    old = [of_length(n := chance.randint(10, 40), 0.1 * n + offset) for offset in prompts]
    new = [of_length(n := chance.randint(30, 60), 0.1 * n + offset) for offset in prompts]
    better = [answer._replace(score=answer.score + 2) for answer in new]
    assert compare(new, old, 2)["score"]["low"] > 1
    assert level(new, old, 2) == pytest.approx({"mean": 0, "low": 0, "high": 0, "per_token": 0.1}, abs=1e-9)
    assert level(better, old, 2) == pytest.approx({"mean": 2, "low": 2, "high": 2, "per_token": 0.1}, abs=1e-9)


def test_where_all_are_of_one_length_the_gain_at_equal_length_is_the_gain() -> None:
    new, old = [of_length(8, score) for score in (2, 4, 6, 5)], [of_length(8, score) for score in (1, 2, 3, 5)]
    plain = compare(new, old, 1)["score"]
    assert level(new, old, 1) == pytest.approx(
        {name: plain[name] for name in ("mean", "low", "high")} | {"per_token": 0}
    )


def test_the_interval_at_equal_length_holds_the_truth_19_times_in_20() -> None:
    chance, held = random.Random(1), 0
    for _ in range(200):
        old, new = [], []
        for _ in range(40):
            prompt = chance.gauss(0, 1)
            for side, gain, longest in ((old, 0.0, 40), (new, 0.5, 60)):
                for _ in range(4):
                    length = chance.randint(20, longest)
                    side.append(of_length(length, prompt + gain + 0.05 * length + chance.gauss(0, 1)))
        made = level(new, old, 4)
        held += made["low"] <= 0.5 <= made["high"]
    assert 180 <= held <= 198


def test_where_length_alone_tells_the_policies_apart_nothing_is_said_at_equal_length() -> None:
    new, old = [of_length(9, score) for score in (2, 4)], [of_length(5, score) for score in (1, 2)]
    assert level(new, old, 1) == {}


def test_refusals_are_recognised_at_the_beginning_alone() -> None:
    assert is_refusal("I’m sorry, but I can't help with that.")
    assert is_refusal("As an AI language model, I have no taste.")
    assert not is_refusal("Sure! Boil the water first.")
    assert not is_refusal("Take the tea. " * 10 + "I cannot say more.")


def test_repetition_lowers_the_share_of_different_word_pairs() -> None:
    assert distinct_2(["a b c", "d e"]) == 1.0
    assert distinct_2(["yes yes yes yes yes"]) == 0.25
    assert distinct_2(["a b", "A b"]) == 0.5
    assert distinct_2(["one", ""]) == 0.0


def test_the_base_against_itself_differs_in_nothing(
    tmp_path: Path, asked: Path, pm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = evaluate(monkeypatch, "base", asked, tmp_path / "out.json", "--pm", pm, "--against", "base")
    assert report["new"] == report["old"]
    assert report["new"]["kl_to_initial"] == 0
    nothing = {"mean": 0, "low": 0, "high": 0}
    assert report["paired"]["score"] == nothing | {"win_rate": 0.5, "at_equal_length": nothing | {"per_token": 0}}


def test_the_kl_is_measured_to_the_initial_policy_that_is_named(
    tmp_path: Path, asked: Path, pm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = write_policy(tmp_path / "policy")
    options = ["--pm", pm, "--against", "base", "--initial", moved, "--max-tokens", 16, "--max-prompts", 9]
    report = evaluate(monkeypatch, moved, asked, tmp_path / "out.json", *options)
    assert report["new"]["kl_to_initial"] == pytest.approx(0, abs=1e-4)
    assert report["old"]["kl_to_initial"] > 0.5


def test_a_policy_against_the_base_on_the_same_prompts(
    tmp_path: Path, asked: Path, pm: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, out = write_policy(tmp_path / "policy"), tmp_path / "out.json"
    options = ["--pm", pm, "--test-pm", pm, "--against", "base", "--samples", 2, "--max-tokens", 16, "--max-prompts", 9]
    report = evaluate(monkeypatch, policy, asked, out, *options)
    assert (report["policy"], report["pm"], report["against"]) == ("moved", "pm", "base")
    assert (report["prompts"], report["samples"]) == (9, 2)
    assert report["new"]["kl_to_initial"] > 0.5
    assert report["old"]["kl_to_initial"] == 0
    assert report["new"]["test_score"] == report["new"]["score"]
    difference = report["new"]["score"] - report["old"]["score"]
    assert report["paired"]["score"]["mean"] == pytest.approx(difference, abs=1e-9)
    shown = report["side_by_side"]
    assert len(shown) == 9
    assert [message["role"] for message in shown[0]["prompt"]] == ["system", "user"]
    assert len(shown[0]["new"]) == len(shown[0]["old"]) == 2
    said = capsys.readouterr().out
    assert "wins" in said
    assert "deviations within a prompt by the test-PM" in said
    assert report["paired"]["score"]["gain"] == pytest.approx(
        difference / report["paired"]["score"]["deviation"], abs=1e-9
    )
    # What stands side by side is what `sample` would say with the same seed.
    run(monkeypatch, policy, asked, tmp_path / "sampled.jsonl", "--max-tokens", 16)
    for row, side in zip(read(tmp_path / "sampled.jsonl"), shown, strict=False):
        assert sorted(row["responses"]) == sorted(answer["text"] for answer in side["new"])
        assert side["new"][0]["score"] <= side["new"][1]["score"]  # of two, the median is the lower one


def test_how_many_are_sampled_at_once_changes_nothing(
    tmp_path: Path, asked: Path, pm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, reports = write_policy(tmp_path / "policy"), []
    for at_once in (1, 16, 64):
        monkeypatch.setattr(evaluate_policy, "AT_ONCE", at_once)
        options = ["--pm", pm, "--samples", 3, "--max-tokens", 16]
        reports.append(evaluate(monkeypatch, policy, asked, tmp_path / "out.json", *options))
    first = [[answer["text"] for answer in row["new"]] for row in reports[0]["side_by_side"]]
    for report in reports[1:]:
        assert [[answer["text"] for answer in row["new"]] for row in report["side_by_side"]] == first
        assert report["new"] == pytest.approx(reports[0]["new"], abs=1e-4)


def test_the_best_of_k_is_the_pms_and_is_further_away() -> None:
    given = [
        Answer(text, 1, True, score, None, kl, 0.0) for text, score, kl in (("a", 1, 0.5), ("b", 3, 0.1), ("c", 2, 0))
    ]
    chosen = best(given)
    assert (chosen.text, chosen.score) == ("b", 3)
    assert chosen.kl_to_initial == pytest.approx(0.2 + math.log(3) - 2 / 3)
    assert best(given[:1]) == given[0]


def test_the_best_of_4_beats_the_policy_it_is_chosen_from(
    tmp_path: Path, asked: Path, pm: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--pm", pm, "--against", "base", "--samples", 2, "--max-tokens", 12, "--best-of", 4]
    report = evaluate(monkeypatch, "base", asked, tmp_path / "out.json", *options)
    assert report["best_of"] == 4
    assert report["new"]["kl_to_initial"] == pytest.approx(math.log(4) - 3 / 4, abs=1e-9)
    assert report["old"]["kl_to_initial"] == 0
    assert report["paired"]["score"]["low"] > 0
    assert "base, best of 4: score" in capsys.readouterr().out


def test_a_worker_sees_how_far_it_is(tmp_path: Path, asked: Path, pm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNWISE_WATCH_STDIN", "yes")  # not "1": the test's own stdin is no pipe of a worker
    evaluate(monkeypatch, "base", asked, tmp_path / "out.json", "--pm", pm, "--max-tokens", 4)
    assert json.loads((tmp_path / "progress.json").read_text())["done"] == 12


def test_prompts_that_are_too_long_are_counted_and_without_others_refused(
    tmp_path: Path, asked: Path, pm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = {"prompt": "x" * 2100}
    with asked.open("a") as file:
        file.write(json.dumps(long) + "\n")
    report = evaluate(monkeypatch, "base", asked, tmp_path / "out.json", "--pm", pm, "--max-tokens", 4)
    assert (report["prompts"], report["left_out"]) == (12, {"too long": 1})
    few = evaluate(
        monkeypatch, "base", asked, tmp_path / "few.json", "--pm", pm, "--max-tokens", 4, "--max-prompt-tokens", 2000
    )
    assert few == report
    with pytest.raises(BadInput, match="every prompt is longer than 9 tokens"):
        evaluate(monkeypatch, "base", asked, tmp_path / "other.json", "--pm", pm, "--max-prompt-tokens", 9)
    with pytest.raises(BadInput, match="every prompt is longer than"):
        evaluate(monkeypatch, "base", write(asked, [long]), tmp_path / "other.json", "--pm", pm)
    with pytest.raises(BadInput, match="holds no prompts"):
        evaluate(monkeypatch, "base", write(asked, []), tmp_path / "other.json", "--pm", pm)
    assert not (tmp_path / "other.json").exists()


def test_a_pm_that_returns_nan_or_is_no_pm_is_one_sentence(
    tmp_path: Path, asked: Path, pm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    write_pm(tmp_path / "mad", weight=lambda weight: weight.fill_(float("nan")))
    with pytest.raises(BadInput, match="has weights that are not finite numbers"):
        evaluate(monkeypatch, "base", asked, out, "--pm", tmp_path / "mad")
    with pytest.raises(BadInput, match="is a policy, but a pm is needed"):
        evaluate(monkeypatch, "base", asked, out, "--pm", write_policy(tmp_path / "policy"))
    with pytest.raises(BadInput, match="is a pm, but a policy is needed"):
        evaluate(monkeypatch, pm, asked, out, "--pm", pm)
    assert not out.exists()
