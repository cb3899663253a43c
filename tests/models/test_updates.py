"""What a step's rollouts teach, by each algorithm."""

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from models import updates
from models.config import PolicyConfig
from models.losses import gae, whiten
from models.rewards import at_the_end
from models.rollout import Rollouts
from models.sampling import Response

TWO_AND_TWO = torch.tensor([[True, True, False], [True, False, False], [True, True, True], [True, True, False]])
REWARDS = torch.tensor([[-0.5, 3.0, 0.0], [1.0, 0.0, 0.0], [0.0, -0.25, 10.25], [0.0, 30.0, 0.0]])


def rollouts() -> Rollouts:
    """Two responses on each of two prompts, of 2, 1, 3 and 2 tokens."""
    zeros, tokens = torch.zeros(4, 3), [Response("", [7] * n, "stop") for n in (2, 1, 3, 2)]
    values = torch.tensor([[0.5, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 2.0], [3.0, 3.0, 0.0]])
    groups = [tokens[:2], tokens[2:]]
    return Rollouts([[1], [2]], groups, TWO_AND_TWO, zeros[:, 0], None, zeros, zeros, zeros, values, {})


@pytest.mark.parametrize(("algorithm", "expected"), [("rloo", [1.5, -1.5, -20, 20]), ("grpo", [1, -1, -1, 1])])
def test_a_response_is_compared_as_a_whole_with_the_others_on_its_prompt(algorithm: str, expected: list[float]) -> None:
    made = updates.advantages(rollouts(), REWARDS, PolicyConfig(algorithm=algorithm))  # type: ignore[arg-type]
    if algorithm == "grpo":  # of two, each is half their difference from the mean, and the spread √½ of it
        expected = [e * 0.5**0.5 for e in expected]
    for row, there, one in zip(made.advantages, TWO_AND_TWO, expected, strict=True):
        assert row[there].tolist() == pytest.approx([one] * int(there.sum()))
        assert row[~there].tolist() == [0] * int((~there).sum())


def test_ppo_compares_with_the_value_function_and_whitens() -> None:
    config = PolicyConfig()
    made, by_hand = updates.advantages(rollouts(), REWARDS, config), gae(REWARDS, rollouts().values, TWO_AND_TWO, 0.95)
    torch.testing.assert_close(made.advantages, whiten(by_hand.advantages, TWO_AND_TWO))
    torch.testing.assert_close(made.returns, by_hand.returns)


class Line:
    """A value function of which only the line through its values is known."""

    slope, intercept = 1.0, 0.0

    def rescale(self, slope: float, intercept: float) -> None:
        self.slope, self.intercept = slope * self.slope, slope * self.intercept + intercept


def test_values_move_to_the_returns_of_the_first_step_and_then_to_the_mean_over_all() -> None:
    def off_by(made: Rollouts, rewards: torch.Tensor) -> float:
        returns = rewards.flip(1).cumsum(1).flip(1)
        return float((returns - made.values)[TWO_AND_TWO].mean())

    value: Any = Line()
    first = rollouts()
    returns = torch.where(TWO_AND_TWO, 2 * first.values - 3, 0.0)
    costs = torch.where(TWO_AND_TWO, returns - F.pad(returns, (0, 1))[:, 1:], 0.0)  # rewards at every token
    made = updates.calibrate(value, first, costs, step=1)
    assert (value.slope, value.intercept) == (pytest.approx(2), pytest.approx(-3))
    torch.testing.assert_close(made.values[TWO_AND_TWO], returns[TWO_AND_TWO])

    other = updates.calibrate(value, made, costs + at_the_end(torch.full((4,), 6.0), TWO_AND_TWO), step=2)
    assert value.intercept == pytest.approx(0), "half of the 6 that this step's responses are worth more"
    assert off_by(other, costs) == pytest.approx(-3)
    third = updates.calibrate(value, other, costs, step=3)
    assert value.intercept == pytest.approx(-1), "6 in one step of three"
    assert off_by(third, costs) == pytest.approx(-2)


def test_values_that_go_against_the_returns_count_for_nothing() -> None:
    value: Any = Line()
    made = updates.calibrate(value, rollouts(), at_the_end(-rollouts().values[:, 0], TWO_AND_TWO), step=1)
    assert value.slope == 0
    assert made.values[TWO_AND_TWO].tolist() == pytest.approx([value.intercept] * 8)


def test_each_pass_takes_every_prompt_once_in_another_order() -> None:
    batches = list(updates.minibatches(10, PolicyConfig(ppo_epochs=2, minibatches=3), step=1))
    assert [epoch for epoch, _ in batches] == [0, 0, 0, 1, 1, 1]
    first, second = ([p for epoch, batch in batches for p in batch if epoch == e] for e in (0, 1))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert len(list(updates.minibatches(2, PolicyConfig(ppo_epochs=1, minibatches=4), step=1))) == 2
