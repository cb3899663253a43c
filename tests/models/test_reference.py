import json
from collections import Counter

import pytest

from models import reference
from models.backbone import Backbone
from models.dialogue import Message, Renderer
from tests.networks import random_pm


def test_every_prompt_has_a_good_and_a_bad_response() -> None:
    rows = [json.loads(line) for line in reference.FILE.read_text().splitlines()]
    assert set(Counter(row["prompt"] for row in rows).values()) == {2}
    assert {"helpful", "honest", "harmless", "harmful", "false", "unhelpful"} <= {row["what"] for row in rows}
    good = [row["what"] in ("helpful", "honest", "harmless") for row in rows]
    assert sum(good) == len(good) / 2 == 12


def test_the_mean_is_that_of_each_response_alone(toy: tuple[Backbone, Renderer]) -> None:
    backbone, renderer = toy
    pm = random_pm(backbone)
    scores = []
    for row in map(json.loads, reference.FILE.read_text().splitlines()):
        prompt = renderer.prompt_ids([Message("system", "Be brief."), Message("user", row["prompt"])])
        scores += pm.score([prompt], [[renderer.response_ids(row["response"])]])[0]
    assert len(set(scores)) == 24
    assert reference.mean_score(pm, renderer, "Be brief.") == pytest.approx(sum(scores) / 24, abs=1e-4)
