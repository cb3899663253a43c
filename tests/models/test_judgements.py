import math
import random
from collections.abc import Mapping
from typing import Any

import pytest

from models import judgements, tiny
from models.backbone import Backbone
from models.data import select
from models.dialogue import Renderer
from models.judgements import (
    Judgement,
    above_thresholds,
    alarms,
    calibrate,
    compare,
    histograms,
    length_correlation,
    summary,
)
from tests.networks import random_pm

Toy = tuple[Backbone, Renderer]


def judgement(margin: float, chosen: int = 10, rejected: int = 10, **changed: Any) -> Judgement:
    fields: Mapping[str, Any] = {
        "id": "c", "family": "f", "turn": 0, "task": "helpfulness", "kind": "base", "strength": None,
        "score_chosen": margin, "score_rejected": 0.0, "length_chosen": chosen, "length_rejected": rejected,
    }  # fmt: skip
    return Judgement(**{**fields, **changed})


def apart(found: list[Judgement]) -> list[Judgement]:
    """Each in a family of its own."""
    return [Judgement(**{**vars(j), "family": str(i), "id": str(i)}) for i, j in enumerate(found)]


def planted(n: int, true_slope: float = 1.0, seed: int = 0) -> list[Judgement]:
    draw, found = random.Random(seed), []
    for _ in range(n):
        difference = draw.gauss(0, 1)
        first_chosen = draw.random() < 1 / (1 + math.exp(-true_slope * difference))
        found.append(judgement(difference if first_chosen else -difference))
    return apart(found)


def test_accuracy_counts_a_tie_as_half_so_a_constant_pm_is_a_coin() -> None:
    constant = summary(apart([judgement(0.0)] * 50))
    assert constant["accuracy"] == 0.5
    assert constant["loss"] == pytest.approx(math.log(2))
    assert constant["brier"] == 0.25
    mixed = summary(apart([judgement(2, 9, 5), judgement(1, 9, 5), judgement(-1, 5, 9), judgement(0)]))
    assert mixed["accuracy"] == 2.5 / 4
    assert mixed["longer_wins"] == 2.5 / 4
    assert mixed["margin"] == 0.5
    assert summary([]) == {"comparisons": 0}


def test_a_pm_that_says_what_length_says_is_no_better_than_length() -> None:
    by_length = summary(apart([judgement(1, 9, 5)] * 30 + [judgement(-1, 5, 9)] * 10))
    assert by_length["accuracy"] == by_length["longer_wins"] == 0.75
    assert (by_length["over_longer"], by_length["over_longer_p"]) == (0.0, 1.0)
    better = summary(apart([judgement(1, 9, 5)] * 30 + [judgement(1, 5, 9)] * 10))
    assert better["over_longer"] == 0.25
    assert better["over_longer"] > 2 * better["over_longer_error"]
    assert better["over_longer_p"] == pytest.approx(2 / 1024)


def test_turns_of_one_conversation_are_not_as_much_as_strangers() -> None:
    rows = [judgement(1.0 if i < 20 else -1.0) for i in range(40)]
    together = [Judgement(**{**vars(j), "family": str(i // 4)}) for i, j in enumerate(rows)]
    assert summary(apart(rows))["families"] == 40
    assert summary(together)["families"] == 10
    assert summary(together)["low"] < summary(apart(rows))["low"] - 0.1


def test_scores_are_counted_in_equal_bins_over_all_of_them() -> None:
    rows = [judgement(24.0), judgement(24.0, task="red-team"), judgement(12.5, kind="online")]
    found = histograms(rows)
    assert found is not None
    assert found["edges"] == [float(edge) for edge in range(25)]
    one_at = lambda place, times: [times if at == place else 0 for at in range(24)]  # noqa: E731
    assert found["by_kind"]["base"] == {"chosen": one_at(23, 2), "rejected": one_at(0, 2)}
    assert found["by_kind"]["online"] == {"chosen": one_at(12, 1), "rejected": one_at(0, 1)}
    assert found["by_task"]["red-team"] == {"chosen": one_at(23, 1), "rejected": one_at(0, 1)}
    assert histograms([]) is None


def test_the_histogram_of_a_constant_pm_is_one_bar() -> None:
    found = histograms([judgement(0.0)] * 5)
    assert found is not None
    assert sum(found["by_kind"]["base"]["chosen"]) == max(found["by_kind"]["base"]["chosen"]) == 5


def test_extreme_margins_stay_numbers() -> None:
    extreme = summary(apart([judgement(1e4), judgement(-1e4)]))
    assert math.isfinite(extreme["loss"])
    assert extreme["brier"] == 0.5


def test_lengths_are_about_equal_up_to_a_tenth_of_the_longer_one() -> None:
    assert judgement(1, 100, 90).lengths == judgement(1, 90, 100).lengths == "about equal"
    assert judgement(1, 100, 89).lengths == "chosen longer"
    assert judgement(1, 89, 100).lengths == "rejected longer"


def test_the_correlation_with_length_does_not_depend_on_what_was_chosen() -> None:
    draw = random.Random(0)
    rows = []
    for _ in range(200):
        a, b = draw.randint(10, 500), draw.randint(10, 500)
        liking = math.log(a / b) + draw.gauss(0, 0.1)
        rows.append(judgement(liking, a, b))
    turned = [judgement(-j.margin, j.length_rejected, j.length_chosen) for j in rows]
    assert length_correlation(rows) == pytest.approx(length_correlation(turned))
    assert length_correlation(rows) == pytest.approx(0.995, abs=0.01)
    assert length_correlation([judgement(1.0)]) is None
    # Always wrong, and always for the longer one: still a liking of length.
    assert length_correlation([judgement(-1, 5, 10)] * 3) == pytest.approx(1)


def test_alarms_are_raised_for_pms_that_say_nothing_are_too_sure_or_count_characters() -> None:
    nothing = "The PM does not tell candidates apart: its scores are constant or its loss is log 2."
    assert alarms([judgement(0.001)] * 20) == [nothing]
    assert alarms([judgement(0.05), judgement(-0.05)] * 20) == [nothing]  # not constant, but its loss is log 2
    (sure,) = alarms([judgement(3), judgement(-3)] * 20)
    assert sure == "The PM's loss is 1.549, a coin's is 0.693: it is surer than it is right."
    (long,) = alarms([judgement(2, 300, 100)] * 4 + [judgement(-2, 100, 300)])
    assert long == "The PM mostly likes long responses: its scores and lengths correlate by 1.00 within comparisons."
    (short,) = alarms([judgement(2, 100, 300)] * 4 + [judgement(-2, 300, 100)])
    assert "likes short responses" in short
    assert alarms([judgement(2, 100, 300), judgement(2, 300, 100), judgement(-1, 100, 300)]) == []
    assert alarms([]) == []


def test_above_a_threshold_both_responses_are_good() -> None:
    rows = apart([judgement(0, score_chosen=float(a), score_rejected=float(b)) for a, b in [(9, 1), (8, 7), (6, 8.5)]])
    regimes = {regime["quantile"]: regime for regime in above_thresholds(rows)}
    assert regimes[0.0]["comparisons"] == 3
    assert regimes[0.0]["accuracy"] == pytest.approx(2 / 3)
    assert regimes[0.25]["threshold"] == pytest.approx(6.25)  # of 1, 6, 7, 8, 8.5, 9
    assert (regimes[0.25]["comparisons"], regimes[0.25]["accuracy"]) == (1, 1.0)
    assert regimes[0.9]["comparisons"] == 0
    assert above_thresholds([]) == []


def test_the_half_that_fits_a_temperature_never_judges_it() -> None:
    rows = planted(1200, true_slope=0.4)
    fitting = [j for j in rows if judgements.fits_temperature(j.family)]
    assert 500 < len(fitting) < 700
    found = calibrate(rows, None)
    assert found["temperature_of"] == "these comparisons"
    assert found["temperature"] == pytest.approx(2.5, rel=0.3)
    assert found["with_temperature"]["comparisons"] == 1200 - len(fitting)
    # Both halves have errors, so that one in seven of calibrated PMs looks as if it were not.
    told = [calibrate(planted(1200, true_slope=0.4, seed=seed), None) for seed in range(20)]
    assert all(abs(one["as_is"]["spiegelhalter_z"]) > 2 for one in told)
    assert sum(abs(one["with_temperature"]["spiegelhalter_z"]) < 2 for one in told) >= 15
    # What the judging half says does not move the temperature.
    turned = [j if judgements.fits_temperature(j.family) else judgement(-j.margin, family=j.family) for j in rows]
    assert calibrate(turned, None)["temperature"] == found["temperature"]


def test_comparisons_that_judge_nothing_may_fit_a_temperature_too() -> None:
    few = planted(60, true_slope=0.4)
    assert judgements.fit_temperature(few) is None
    more = [j.margin for j in planted(2000, true_slope=0.4, seed=1)]
    assert judgements.fit_temperature(few, more) == pytest.approx(2.5, rel=0.2)


def test_a_snapshots_own_temperature_is_judged_if_it_has_one() -> None:
    found = calibrate(planted(600), 1.25)
    assert (found["temperature"], found["temperature_of"]) == (1.25, "snapshot")
    unfitted = calibrate(planted(60), None)
    assert (unfitted["temperature"], unfitted["temperature_of"], unfitted["with_temperature"]) == (None, None, None)
    assert calibrate([], None)["as_is"] == {"comparisons": 0}


def test_two_pms_are_compared_on_what_both_read() -> None:
    mine = apart([judgement(1.0), judgement(1.0), judgement(-1.0), judgement(1.0)])
    theirs = apart([judgement(0.1), judgement(-0.1), judgement(-3.0)])
    found = compare(mine, theirs)
    assert (found["comparisons"], found["accuracy"], found["other_accuracy"]) == (3, 2 / 3, 1 / 3)
    assert found["difference"] == pytest.approx(1 / 3)
    assert found["agreement"] == pytest.approx(2 / 3)
    assert found["mcnemar_p"] == 1.0
    assert found["low"] < 0 < found["high"]
    assert compare(mine, []) == {"comparisons": 0}


def test_judging_scores_every_comparison_of_a_conversation_in_its_context(toy: Toy) -> None:
    backbone, renderer = toy
    pm = random_pm(backbone)
    told = select(list(tiny.conversations(3, turns=3)), None).conversations
    progress: list[tuple[int, int]] = []
    found, touched = judgements.judge(
        pm, renderer, told, lambda done, total: progress.append((done, total)), {told[1].id: {"subset": "other"}}
    )
    assert not touched
    assert [(j.id, j.turn) for j in found] == [(c.id, t) for c in told for t in range(3)]
    assert [j.labels.get("subset") for j in found] == [None] * 3 + ["other"] * 3 + [None] * 3
    assert progress == [(0, 3), (3, 3)]
    turn = told[0].turns[0]
    assert turn.chosen is not None
    assert (found[0].family, found[0].strength) == (told[0].family, turn.strength)
    ids = renderer.response_ids(turn.candidates[turn.chosen].text)
    alone = pm.score([renderer.opening_ids(told[0].system, turn.human)], [[ids]])[0][0]
    assert found[0].score_chosen == pytest.approx(alone, abs=1e-5)
    assert found[0].length_chosen == len(turn.candidates[turn.chosen].text)
