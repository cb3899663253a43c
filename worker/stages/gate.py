"""May this week's snapshots reach crowdworkers? A pure function of numbers, one line per check (DESIGN §5)."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from worker.presets import GateConfig
from worker.week import Result, Week


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    NOT_ENOUGH_DATA = "not enough data"


class Line(NamedTuple):
    check: str
    verdict: Verdict
    value: float | None
    limit: float
    sentence: str


@dataclass(frozen=True)
class PMMeasures:
    """The new PM against the deployed one on the same test comparisons."""

    comparisons: int
    accuracy: float | None = None
    deployed_accuracy: float | None = None  # None: no PM is deployed yet
    standard_error: float | None = None  # of the paired difference, by family; None: there is only one


@dataclass(frozen=True)
class Answers:
    """What one policy's answers to the test prompts look like."""

    entropy: float  # nats per token
    length: float  # tokens
    end_of_turn_rate: float
    refusal_rate: float


@dataclass(frozen=True)
class PolicyMeasures:
    """The new policy and the initial one on the same test prompts."""

    prompts: int
    kl: float  # nats per response, new to initial
    new: Answers
    initial: Answers
    win_rate: float | None = None  # of new against initial, as the PM that was optimised sees it
    test_win_rate: float | None = None  # as the test-PM sees it


def check(limits: GateConfig, pm: PMMeasures, policy: PolicyMeasures | None) -> list[Line]:
    """Every check, in the order the dashboard shows them."""
    return [_pm_line(limits, pm), *_policy_lines(limits, policy)]


def _pm_line(limits: GateConfig, pm: PMMeasures) -> Line:
    name, limit = "pm-against-deployed", -limits.pm_standard_errors
    if pm.accuracy is None or pm.comparisons < limits.min_comparisons:
        sentence = f"{pm.comparisons} test comparisons are too few to judge a PM; {limits.min_comparisons} are wanted."
        return Line(name, Verdict.NOT_ENOUGH_DATA, None, limit, sentence)
    if pm.deployed_accuracy is None:
        sentence = f"No PM is deployed yet to compare with; this one is right on {pm.accuracy:.1%} of the comparisons."
        return Line(name, Verdict.NOT_ENOUGH_DATA, None, limit, sentence)
    if pm.standard_error is None:
        sentence = f"All {pm.comparisons} test comparisons are of one dialogue family, which is too few to judge a PM."
        return Line(name, Verdict.NOT_ENOUGH_DATA, None, limit, sentence)
    difference = pm.accuracy - pm.deployed_accuracy
    # Two PMs that agree on every row differ by nothing, and have no error to divide by.
    errors = difference / pm.standard_error if pm.standard_error else 0.0
    sentence = (
        f"The PM is right on {pm.accuracy:.1%} of {pm.comparisons} test comparisons, the deployed one on "
        f"{pm.deployed_accuracy:.1%}: {errors:+.1f} standard errors; {limit:+.1f} is the limit."
    )
    return Line(name, _verdict(errors >= limit), errors, limit, sentence)


def _policy_lines(limits: GateConfig, policy: PolicyMeasures | None) -> list[Line]:
    if policy is None or policy.prompts < limits.min_prompts:
        prompts = policy.prompts if policy else 0
        sentence = f"{prompts} test prompts are too few to judge a policy; {limits.min_prompts} are wanted."
        bounds = {
            "kl": limits.max_kl,
            "entropy": limits.min_entropy_ratio,
            "length": limits.max_length_ratio,
            "end-of-turn": limits.min_end_of_turn_ratio,
            "refusals": limits.max_refusal_points,
            "pm-gap": limits.max_pm_gap_points,
        }
        return [Line(name, Verdict.NOT_ENOUGH_DATA, None, limit, sentence) for name, limit in bounds.items()]
    new, initial = policy.new, policy.initial
    entropy = _ratio(new.entropy, initial.entropy)
    length = _ratio(new.length, initial.length)
    ended = _ratio(new.end_of_turn_rate, initial.end_of_turn_rate)
    refused = 100 * (new.refusal_rate - initial.refusal_rate)
    lines = [
        Line(
            "kl",
            _verdict(policy.kl <= limits.max_kl),
            policy.kl,
            limits.max_kl,
            f"The policy moved {policy.kl:.1f} nats per response from the initial one; "
            f"at most {limits.max_kl:g} are allowed.",
        ),
        Line(
            "entropy",
            _verdict(entropy >= limits.min_entropy_ratio),
            entropy,
            limits.min_entropy_ratio,
            f"Its entropy is {entropy:.2f} times the initial one's; at least {limits.min_entropy_ratio:g} is wanted.",
        ),
        Line(
            "length",
            _verdict(limits.min_length_ratio <= length <= limits.max_length_ratio),
            length,
            limits.min_length_ratio if length < limits.min_length_ratio else limits.max_length_ratio,
            f"Its answers are {length:.2f} times as long as the initial policy's; "
            f"{limits.min_length_ratio:g} to {limits.max_length_ratio:g} is allowed.",
        ),
        _rate_line(
            limits,
            "end-of-turn",
            ended,
            limits.min_end_of_turn_ratio,
            missing=limits.min_end_of_turn_ratio * initial.end_of_turn_rate - new.end_of_turn_rate,
            error=math.hypot(
                _error(new.end_of_turn_rate, policy.prompts),
                limits.min_end_of_turn_ratio * _error(initial.end_of_turn_rate, policy.prompts),
            ),
            sentence=f"{new.end_of_turn_rate:.0%} of its answers end by themselves, {ended:.2f} times the initial "
            f"one's rate; at least {limits.min_end_of_turn_ratio:g} is wanted.",
        ),
        _rate_line(
            limits,
            "refusals",
            refused,
            limits.max_refusal_points,
            missing=(refused - limits.max_refusal_points) / 100,
            error=math.hypot(_error(new.refusal_rate, policy.prompts), _error(initial.refusal_rate, policy.prompts)),
            sentence=f"It refuses {new.refusal_rate:.0%} of the prompts, {refused:+.0f} points against the initial "
            f"policy; at most {limits.max_refusal_points:+g} are allowed.",
        ),
    ]
    return [*lines, _gap_line(limits, policy)]


def _gap_line(limits: GateConfig, policy: PolicyMeasures) -> Line:
    name, limit = "pm-gap", limits.max_pm_gap_points
    if policy.win_rate is None or policy.test_win_rate is None:
        sentence = "There is no test-PM this week, so nobody can say whether the policy exploits its PM."
        return Line(name, Verdict.NOT_ENOUGH_DATA, None, limit, sentence)
    gap = 100 * (policy.win_rate - policy.test_win_rate)
    sentence = (
        f"Against the initial policy it wins {policy.win_rate:.0%} of the prompts for its own PM and "
        f"{policy.test_win_rate:.0%} for the test-PM: {gap:+.0f} points apart; at most {limit:+g} are allowed."
    )
    error = math.hypot(_error(policy.win_rate, policy.prompts), _error(policy.test_win_rate, policy.prompts))
    return _rate_line(limits, name, gap, limit, (gap - limit) / 100, error, sentence)


def _rate_line(
    limits: GateConfig, name: str, value: float, limit: float, missing: float, error: float, sentence: str
) -> Line:
    """`missing`: by how much a rate is beyond its limit, with its standard error. A few dozen prompts show a rate to
    ten points or so: what may well be chance holds no week, and is not called a pass either."""
    if missing <= 1e-9:
        return Line(name, Verdict.PASS, value, limit, sentence)
    errors = missing / error
    if errors <= limits.rate_standard_errors:
        sentence += f" That is {errors:.1f} standard errors beyond it, which may be chance with so few prompts."
        return Line(name, Verdict.NOT_ENOUGH_DATA, value, limit, sentence)
    return Line(name, Verdict.FAIL, value, limit, sentence)


def _error(rate: float, n: int) -> float:
    """Standard error of a rate in n trials, with one success and one failure more than were seen: none in twenty is not
    certainly never (Agresti and Coull 1998). Rates on the same prompts are taken as independent, which is careful."""
    p = (rate * n + 1) / (n + 2)
    return math.sqrt(p * (1 - p) / (n + 2))


def _ratio(value: float, reference: float) -> float:
    """Against an initial policy that has none of it, nothing can be too little."""
    return value / reference if reference else 1.0


def _verdict(holds: bool) -> Verdict:
    return Verdict.PASS if holds else Verdict.FAIL


def record(session: Session, week: Week) -> Result:
    """The lines, and whether they let the week through: a line without enough data holds nothing up."""
    evaluated_pm, evaluated_policy = week.results["evaluate_pm"], week.results["evaluate_policy"]
    policy = evaluated_policy["measures"]
    measures = policy and PolicyMeasures(
        **{**policy, "new": Answers(**policy["new"]), "initial": Answers(**policy["initial"])}
    )
    lines = check(week.config.gate, PMMeasures(**evaluated_pm["measures"]), measures)
    failed = [line for line in lines if line.verdict == Verdict.FAIL]
    return {
        "passed": not failed,
        "lines": [line._asdict() for line in lines],
        "reason": " ".join(line.sentence for line in failed) or None,
    }
