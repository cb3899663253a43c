"""Every way in which a file is no HH file is one sentence with its name and line."""

from pathlib import Path

import pytest

from app.tables import TaskKind
from app.tranches.hh_file import BadFile, plan_file
from app.tranches.import_hh import UnknownTask, task_of_file
from tests.app.tranches.conftest import GROWING, hh_line, write_hh


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b'{"chosen": "a", ', "helpful.jsonl, line 2: not JSON"),
        (b'{"chosen": "a"}', "helpful.jsonl, line 2: the field “rejected” is missing"),
        (b'{"chosen": "a", "rejected": 3}', "helpful.jsonl, line 2: the field “rejected” is not text"),
        (b"[1, 2]", "helpful.jsonl, line 2: an object"),
        (b'{"chosen": "\xff", "rejected": "a"}', "helpful.jsonl, line 2: not UTF-8"),
        (b"[" * 100_000, "helpful.jsonl, line 2: not an HH row"),
    ],
)
def test_a_line_that_is_no_hh_row_refuses_the_file(tmp_path: Path, line: bytes, sentence: str) -> None:
    path = tmp_path / "helpful.jsonl"
    path.write_bytes(GROWING[0].encode() + b"\n" + line + b"\n")
    with pytest.raises(BadFile, match="^" + sentence):
        plan_file(path)


def test_a_truncated_gzip_file_is_refused(tmp_path: Path) -> None:
    path = write_hh(tmp_path / "helpful.jsonl.gz", [hh_line([f"{n}?"], f"{n}", "no") for n in range(500)])
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(BadFile, match=r"helpful.jsonl.gz is damaged"):
        plan_file(path)


def test_a_missing_an_empty_and_a_nameless_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No such file"):
        plan_file(tmp_path / "helpful.jsonl")
    with pytest.raises(BadFile, match="is empty"):
        plan_file(write_hh(tmp_path / "helpful.jsonl", []))
    with pytest.raises(BadFile, match="Is a directory"):
        plan_file(tmp_path)


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path: Path) -> None:
    plan = plan_file(write_hh(tmp_path / "helpful.jsonl", [GROWING[0], "", GROWING[3]]))
    assert (plan.rows, sorted(plan.places)) == (2, [1, 3])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("harmless-base.train.jsonl.gz", TaskKind.RED_TEAM),
        ("Helpful-online.dev.jsonl", TaskKind.HELPFULNESS),
        ("harmless-base/train.jsonl.gz", TaskKind.RED_TEAM),
        ("helpful-rejection-sampled/test.jsonl.gz", TaskKind.HELPFULNESS),
    ],
)
def test_the_task_is_read_from_the_name_of_the_file_or_its_folder(tmp_path: Path, path: str, kind: TaskKind) -> None:
    assert task_of_file(tmp_path / path) == kind


@pytest.mark.parametrize("name", ["train.jsonl.gz", "helpful-and-harmless.jsonl"])
def test_a_name_that_does_not_tell_asks_for_the_task(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownTask, match="--task"):
        task_of_file(tmp_path / "plain" / name)
