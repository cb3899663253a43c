import dataclasses

import pytest

from worker.presets import GateConfig
from worker.stages.evaluate_pm import Row, compare
from worker.stages.gate import Answers, Line, PMMeasures, PolicyMeasures, Verdict, check

LIMITS = GateConfig()
USUAL = Answers(entropy=2.0, length=50, end_of_turn_rate=0.8, refusal_rate=0.1)
PM = PMMeasures(comparisons=200, accuracy=0.64, deployed_accuracy=0.62, standard_error=0.02)
POLICY = PolicyMeasures(prompts=40_000, kl=5, new=USUAL, initial=USUAL, win_rate=0.7, test_win_rate=0.66)


def line(name: str, pm: PMMeasures = PM, policy: PolicyMeasures | None = POLICY) -> Line:
    return next(line for line in check(LIMITS, pm, policy) if line.check == name)


def with_new(**numbers: float) -> PolicyMeasures:
    return dataclasses.replace(POLICY, new=dataclasses.replace(USUAL, **numbers))


def test_a_week_in_which_all_is_well_passes_every_check() -> None:
    lines = check(LIMITS, PM, POLICY)
    names = ["pm-against-deployed", "kl", "entropy", "length", "end-of-turn", "refusals", "pm-gap"]
    assert [line.check for line in lines] == names
    assert {line.verdict for line in lines} == {Verdict.PASS}


@pytest.mark.parametrize(
    ("name", "policy", "verdict"),
    [
        ("kl", dataclasses.replace(POLICY, kl=20), Verdict.PASS),
        ("kl", dataclasses.replace(POLICY, kl=20.1), Verdict.FAIL),
        ("kl", dataclasses.replace(POLICY, kl=float("nan")), Verdict.FAIL),
        ("entropy", with_new(entropy=1.0), Verdict.PASS),
        ("entropy", with_new(entropy=0.99), Verdict.FAIL),
        ("length", with_new(length=25), Verdict.PASS),
        ("length", with_new(length=24), Verdict.FAIL),
        ("length", with_new(length=100), Verdict.PASS),
        ("length", with_new(length=101), Verdict.FAIL),
        ("end-of-turn", with_new(end_of_turn_rate=0.721), Verdict.PASS),
        ("end-of-turn", with_new(end_of_turn_rate=0.71), Verdict.FAIL),
        ("refusals", with_new(refusal_rate=0.19), Verdict.PASS),
        ("refusals", with_new(refusal_rate=0.21), Verdict.FAIL),
        ("pm-gap", dataclasses.replace(POLICY, test_win_rate=0.61), Verdict.PASS),
        ("pm-gap", dataclasses.replace(POLICY, test_win_rate=0.59), Verdict.FAIL),
        ("pm-gap", dataclasses.replace(POLICY, test_win_rate=None), Verdict.NOT_ENOUGH_DATA),
    ],
)
def test_a_policy_is_held_beyond_each_limit(name: str, policy: PolicyMeasures, verdict: Verdict) -> None:
    assert line(name, policy=policy).verdict == verdict


@pytest.mark.parametrize(
    ("name", "seen", "prompts", "verdict"),
    [
        ("end-of-turn", (7 / 27, 2 / 27), 27, Verdict.NOT_ENOUGH_DATA),  # Fisher's exact test: p = 0.14
        ("end-of-turn", (7 / 27, 0.0), 27, Verdict.FAIL),
        ("end-of-turn", (0.26, 0.074), 270, Verdict.FAIL),
        ("refusals", (0.1, 0.25), 27, Verdict.NOT_ENOUGH_DATA),
        ("refusals", (0.0, 0.5), 27, Verdict.FAIL),
        ("refusals", (0.1, 0.25), 500, Verdict.FAIL),
    ],
)
def test_a_rate_that_may_be_beyond_its_limit_by_chance_holds_no_week(
    name: str, seen: tuple[float, float], prompts: int, verdict: Verdict
) -> None:
    field = {"end-of-turn": "end_of_turn_rate", "refusals": "refusal_rate"}[name]
    initial, new = (dataclasses.replace(USUAL, **{field: rate}) for rate in seen)
    found = line(name, policy=dataclasses.replace(POLICY, prompts=prompts, new=new, initial=initial))
    assert found.verdict == verdict
    assert ("may be chance" in found.sentence) == (verdict == Verdict.NOT_ENOUGH_DATA)


def test_the_pm_may_be_worse_by_two_standard_errors_of_the_paired_difference() -> None:
    worse = dataclasses.replace(PM, accuracy=0.60, deployed_accuracy=0.64)
    assert line("pm-against-deployed", dataclasses.replace(worse, standard_error=0.0201)).verdict == Verdict.PASS
    failing = line("pm-against-deployed", dataclasses.replace(worse, standard_error=0.0199))
    assert failing.verdict == Verdict.FAIL
    assert failing.value == pytest.approx(-2.01, abs=0.01)
    assert failing.sentence == (
        "The PM is right on 60.0% of 200 test comparisons, the deployed one on 64.0%: "
        "-2.0 standard errors; -2.0 is the limit."
    )


def test_two_pms_that_agree_on_every_row_pass() -> None:
    same = dataclasses.replace(PM, accuracy=0.6, deployed_accuracy=0.6, standard_error=0.0)
    assert line("pm-against-deployed", same).verdict == Verdict.PASS


def test_short_data_says_so_instead_of_judging() -> None:
    few = line("pm-against-deployed", dataclasses.replace(PM, comparisons=49, accuracy=0.1))
    assert (few.verdict, few.value) == (Verdict.NOT_ENOUGH_DATA, None)
    assert few.sentence == "49 test comparisons are too few to judge a PM; 50 are wanted."
    for policy in (None, dataclasses.replace(POLICY, prompts=19, kl=1000)):
        lines = check(LIMITS, PM, policy)
        assert [line.verdict for line in lines[1:]] == [Verdict.NOT_ENOUGH_DATA] * 6


def test_the_first_week_has_no_pm_to_compare_with() -> None:
    first = line("pm-against-deployed", PMMeasures(comparisons=200, accuracy=0.6))
    assert first.verdict == Verdict.NOT_ENOUGH_DATA
    assert "60.0%" in first.sentence


def test_an_initial_policy_that_never_ends_by_itself_does_not_hold_the_new_one() -> None:
    silent = dataclasses.replace(USUAL, end_of_turn_rate=0.0)
    assert line("end-of-turn", policy=dataclasses.replace(POLICY, new=silent, initial=silent)).verdict == Verdict.PASS


def test_pms_are_compared_on_the_rows_that_both_scored() -> None:
    new, deployed = rights("abcde", [1, 1, 0, 1, 1]), rights("abcd", [1, 0, 0, 0])
    measures = compare(new, deployed)
    assert measures.comparisons == 4
    assert measures.accuracy == 0.75
    assert measures.deployed_accuracy == 0.25
    # Differences 0, 1, 0, 1: mean 0.5, sample standard deviation 0.577, over the root of 4.
    assert measures.standard_error == pytest.approx(0.2887, abs=1e-4)


def test_comparisons_of_one_family_count_together() -> None:
    measures = compare(rights("aabb", [1, 1, 0, 0]), rights("aabb", [0, 0, 0, 0]))
    # Deviations sum to 1 and to −1: the root of 2/(2 − 1) · (1 + 1), over 4.
    assert measures.standard_error == pytest.approx(0.5)
    one = compare(rights("aaa", [1, 1, 0]), rights("aaa", [0, 1, 0]))
    assert (one.comparisons, one.standard_error) == (3, None)
    found = line("pm-against-deployed", dataclasses.replace(one, comparisons=60))
    assert (found.verdict, found.sentence) == (
        Verdict.NOT_ENOUGH_DATA,
        "All 60 test comparisons are of one dialogue family, which is too few to judge a PM.",
    )


def rights(families: str, of_each: list[float]) -> dict[Row, float]:
    return {
        Row(family, "a conversation", turn): right
        for turn, (family, right) in enumerate(zip(families, of_each, strict=True))
    }
