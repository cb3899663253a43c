import gzip
import itertools
import random
from pathlib import Path

import pytest

from crowd.openers import BadOpeners, Opener, bundled, read


@pytest.mark.parametrize(("task", "at_least"), [("helpfulness", 60), ("red-team", 25)])
def test_the_bundled_openers_are_many_and_different(task: str, at_least: int) -> None:
    openers = bundled(task)
    assert len({opener.prompt for opener in openers}) == len(openers) >= at_least
    assert all(opener.follow_ups for opener in openers)


def test_a_conversation_never_runs_out_of_messages() -> None:
    messages = Opener("Hi", ("And?",)).messages("red-team", random.Random(0))
    said = list(itertools.islice(messages, 30))
    assert said[:2] == ["Hi", "And?"]
    assert len(set(said[2:10])) == 8, "what fits anywhere does not repeat at once"


def test_openers_are_read_from_plain_and_compressed_files(tmp_path: Path) -> None:
    rows = b'{"prompt": "One?", "user_turns": ["One?", "Two?"]}\n\n{"prompt": "Alone", "response": "x"}\n'
    plain, zipped = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_bytes(rows)
    zipped.write_bytes(gzip.compress(rows))
    assert read(plain) == read(zipped) == [Opener("One?", ("Two?",)), Opener("Alone", ())]


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "x"}', '{"prompt": " "}', '{"prompt": 3}'])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"prompt": "fine"}}\n{line}\n')
    with pytest.raises(BadOpeners, match="line 2"):
        read(path)
    with pytest.raises(BadOpeners, match="No such file"):
        read(tmp_path / "nowhere.jsonl")
