"""Prompts that a policy writes, and which of them are kept. The toy base writes toy responses for messages."""

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from models import generate_prompts, tiny
from models.dialogue import Message, Prompt, Renderer, family_of, read_prompts, split_of
from models.generate_prompts import Sieve, request, runs_of, usable
from models.run import BadInput
from models.sampling import Response, Sampler
from tests.models.test_sample import read, write, write_policy

TOY = Renderer(tiny.tokenizer())


@pytest.fixture(autouse=True)
def toy_is_the_base(toy_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_MODEL", "toy")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    tiny.write_prompts(tmp_path / "people.jsonl", tiny.prompts(60))
    return tmp_path / "people.jsonl"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["generate_prompts", *map(str, arguments)])
    generate_prompts.command()


def prompt(text: str, task: str = "helpfulness", generated_by: str | None = None) -> Prompt:
    return Prompt([Message("system", "Be brief."), Message("user", text)], task, generated_by)


def of_side(side: str, words: str = "Tell me of tar") -> str:
    """A message on this side of the split."""
    return next(text for i in range(1000) if split_of(family_of(text := f"{words} {i}")) == side)


# The command


def test_new_prompts_are_marked_and_on_the_train_side_and_the_rest_is_counted(
    tmp_path: Path, people: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "base", people, tmp_path / "out.jsonl", "--count", 25, "--shots", 3, "--max-tokens", 40)
    rows = read(tmp_path / "out.jsonl")
    assert len(rows) == len({row["prompt"] for row in rows}) == 25
    assert all(row == {"prompt": row["prompt"], "task": "helpfulness", "generated_by": "base"} for row in rows)
    made = read_prompts(tmp_path / "out.jsonl")
    assert {split_of(one.family) for one in made} == {"train"}
    assert not {one.family for one in made} & {one.family for one in read_prompts(people)}
    assert "out.jsonl: 25 prompts by base" in capsys.readouterr().out


def test_a_snapshot_writes_others_under_its_name_and_the_same_seed_the_same(
    tmp_path: Path, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = write_policy(tmp_path / "moved")
    for name, policy, seed in (("a", "base", 0), ("b", "base", 0), ("c", "base", 1), ("d", moved, 0)):
        run(monkeypatch, policy, people, tmp_path / name, "--count", 6, "--shots", 2, "--seed", seed)
    texts = {name: [row["prompt"] for row in read(tmp_path / name)] for name in "abcd"}
    assert texts["a"] == texts["b"]
    assert texts["a"] != texts["c"]
    assert texts["a"] != texts["d"]
    assert {row["generated_by"] for row in read(tmp_path / "d")} == {"moved"}


def test_a_policy_that_has_nothing_new_to_say_gives_fewer_and_says_so(
    tmp_path: Path, people: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = of_side("train", "What a lovely day for tar")

    def always_the_same(self: Sampler, prompts: Any, seeds: Any, *_: Any) -> list[list[Response]]:
        return [[Response(new, [1], "stop") for _ in own] for own in seeds]

    monkeypatch.setattr(Sampler, "sample", always_the_same)
    run(monkeypatch, "base", people, tmp_path / "out", "--count", 3, "--shots", 2)
    assert [row["prompt"] for row in read(tmp_path / "out")] == [new]
    said = capsys.readouterr().out
    assert "1 prompts by base of 3 that were wanted" in said
    assert "dropped, repeats a generated one: 63" in said


def test_rows_that_an_earlier_policy_wrote_count_as_generated_ones(
    tmp_path: Path, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = of_side("train", "What a lovely day for tar")
    with people.open("a") as file:
        file.write(json.dumps({"prompt": earlier, "task": "helpfulness", "generated_by": "week-1"}) + "\n")

    def always_the_same(self: Sampler, prompts: Any, seeds: Any, *_: Any) -> list[list[Response]]:
        return [[Response(earlier, [1], "stop") for _ in own] for own in seeds]

    monkeypatch.setattr(Sampler, "sample", always_the_same)
    with pytest.raises(BadInput, match=r"none could be kept: 64 are dropped for “repeats a generated one”\.$"):
        run(monkeypatch, "base", people, tmp_path / "out", "--count", 1, "--shots", 2)
    assert not (tmp_path / "out").exists()


def test_a_share_of_helpful_ones_holds_and_wants_examples_of_both_sides(
    tmp_path: Path, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("base", people, tmp_path / "out", "--count", 8, "--shots", 2, "--helpful-share", 0.75)
    with pytest.raises(BadInput, match="There is no first message of people about red-team of at most 64 tokens"):
        run(monkeypatch, *arguments)
    with people.open("a") as file:
        file.write(json.dumps({"prompt": of_side("train", "rob tar"), "task": "red-team"}) + "\n")
    run(monkeypatch, *arguments)
    assert Counter(row["task"] for row in read(tmp_path / "out")) == {"helpfulness": 6, "red-team": 2}


# What is shown


def test_only_peoples_own_short_train_side_messages_are_shown_each_once() -> None:
    train, test = of_side("train"), of_side("test")
    human = [
        prompt(train), prompt(train.upper()), prompt(test), prompt(" "), prompt(of_side("train", "word " * 40)),
        prompt(of_side("train", "by a policy"), generated_by="base"), prompt(of_side("train", "rob"), "red-team"),
    ]  # fmt: skip
    later = human[0]._replace(messages=[*human[0].messages, Message("assistant", "Ho"), Message("user", "And then?")])
    assert usable([*human, later], TOY, 64) == {"helpfulness": [train], "red-team": [of_side("train", "rob")]}


def test_a_request_shows_different_messages_of_one_task_which_comes_as_often_as_it_does_among_them() -> None:
    examples = {"helpfulness": [f"h{i}" for i in range(30)], "red-team": [f"r{i}" for i in range(10)]}
    made = [request(examples, 8, random.Random(n)) for n in range(400)]
    assert 70 < Counter(task for task, _ in made)["red-team"] < 130
    for task, shown in made:
        assert len(set(shown)) == 8
        assert set(shown) <= set(examples[task])
    assert len({tuple(shown) for _, shown in made}) == 400
    assert sorted(request({"red-team": ["a", "b"]}, 8, random.Random(0))[1]) == ["a", "b"]


# What is kept


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        ("", "stop", "empty"),
        (" ?! ", "stop", "empty"),
        ("How do I bake", "length", "too long"),
        ("how do I  BAKE a cake for my sister's birthday?", "stop", "repeats a human one"),
        ("How do I bake a cake for my sister's birthday in May?", "stop", "nearly repeats a human one"),
        ("bake a cake for my sister's birthday!", "stop", "nearly repeats a human one"),
        ("Which tea is good in the late evening?", "stop", "repeats a generated one"),
        ("Which tea is good in the late evening, dear?", "stop", "nearly repeats a generated one"),
        (of_side("test"), "stop", "of the test side"),
        (of_side("train"), "stop", None),
        (of_side("train", "How do I bake bread for five hundred people and a dog"), "stop", None),
    ],
)
def test_what_is_empty_cut_known_or_of_the_test_side_is_not_kept(text: str, finish: Any, reason: str | None) -> None:
    tea = prompt("Which tea is good in the late evening?", generated_by="base")
    sieve = Sieve([tea, prompt("How do I bake a cake for my sister's birthday?"), prompt(of_side("test", "Hello"))])
    assert sieve.reason_against(Response(text, [], finish)) == reason


def test_of_a_human_and_a_generated_message_that_are_alike_the_human_one_is_repeated() -> None:
    good_day = of_side("train", "Good day")
    sieve = Sieve([prompt(good_day, generated_by="base"), prompt(good_day)])
    assert sieve.reason_against(Response(good_day, [], "stop")) == "repeats a human one"


def test_runs_are_of_three_words_without_case_and_punctuation() -> None:
    assert runs_of("Don't panic, YOU two!") == {("don't", "panic", "you"), ("panic", "you", "two")}
    assert runs_of("Good day") == {("good", "day")}


# Bad input


@pytest.mark.parametrize(
    ("rows", "options", "sentence"),
    [
        ([], [], "holds no prompts"),
        ([{"text": "Hi"}], [], r"people\.jsonl:1: prompt is missing"),
        ([{"prompt": of_side("test")}], [], "There is no first message of people of at most 64 tokens that is of"),
        ([{"prompt": of_side("train", f"a{i}")} for i in range(9)], ["--shots", 9, "--max-tokens", 2000], "do not fit"),
        ([{"prompt": "Hi"}], ["--count", 0], "--count must be at least 1"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[Any], options: list[Any], sentence: str
) -> None:
    people = write(tmp_path / "people.jsonl", rows)
    with pytest.raises(BadInput, match=sentence):
        run(monkeypatch, "base", people, tmp_path / "out.jsonl", *options)
    assert not (tmp_path / "out.jsonl").exists()


def test_what_is_written_can_stand_beside_peoples_prompts(
    tmp_path: Path, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(monkeypatch, "base", people, tmp_path / "out.jsonl", "--count", 5, "--shots", 2)
    both = write(tmp_path / "both.jsonl", [*read(people), *read(tmp_path / "out.jsonl")])
    assert [one.generated_by for one in read_prompts(both)] == [None] * 60 + ["base"] * 5
    assert json.loads(both.read_text().splitlines()[-1])["generated_by"] == "base"
