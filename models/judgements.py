"""What a preference model says about comparisons, and what that is worth: accuracy beside "the longer one wins",
length, the high-score regime, temperature, alarms, and two PMs on the same comparisons.
"""

import hashlib
import math
import types
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models import calibration
from models.data import examples
from models.dialogue import Conversation, Renderer
from models.intervals import Z, paired, share
from models.preference_model import PreferenceModel

CHUNK = 32  # trees that are packed together
BINS = 24  # of histograms of scores
QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)  # of all scores: thresholds of the high-score regime
ABOUT_EQUAL = 0.1  # responses whose lengths differ by at most this share of the longer one
CONSTANT = 0.01  # a standard deviation of scores below this is none
UNDECIDED = math.log(2)  # the loss of a PM that does not tell candidates apart
BY_LENGTH = 0.7  # a correlation above which length explains half of what the PM says


@dataclass(frozen=True)
class Judgement:
    """What a PM says about one comparison."""

    id: str
    family: str
    turn: int
    task: str
    kind: str
    strength: int | None
    score_chosen: float
    score_rejected: float
    length_chosen: int
    """Characters."""
    length_rejected: int
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def margin(self) -> float:
        return self.score_chosen - self.score_rejected

    @property
    def right(self) -> float:
        """1, 0, or 0.5 for a tie: a PM that says the same of everything is no better than a coin."""
        return _one_half_or_none(self.margin)

    @property
    def longer(self) -> float:
        """1 if the chosen response is the longer one, 0 if the rejected one is, 0.5 if they are equally long."""
        return _one_half_or_none(self.length_chosen - self.length_rejected)

    @property
    def log_length_ratio(self) -> float:
        return math.log((1 + self.length_chosen) / (1 + self.length_rejected))

    @property
    def lengths(self) -> str:
        """Which response is clearly longer."""
        difference = self.length_chosen - self.length_rejected
        if abs(difference) <= ABOUT_EQUAL * max(self.length_chosen, self.length_rejected):
            return "about equal"
        return "chosen longer" if difference > 0 else "rejected longer"


def _one_half_or_none(difference: float) -> float:
    return 0.5 if difference == 0 else float(difference > 0)


def judge(
    pm: PreferenceModel,
    renderer: Renderer,
    conversations: Sequence[Conversation],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[list[Judgement], Counter[str]]:
    """Score every comparison of selected conversations; and how many were touched by the limit of length, by reason.
    `labels` are by conversation id."""
    todo, touched = examples(conversations, renderer, pm.max_tokens)
    judgements: list[Judgement] = []
    for start in range(0, len(todo), CHUNK):
        on_progress(start, len(todo))
        chunk = todo[start : start + CHUNK]
        scores = pm.score_trees([example.tree for example in chunk], [example.ends for example in chunk])
        for (conversation, _, turns, _), ends in zip(chunk, scores, strict=True):
            for t, chosen, rejected in zip(turns, ends[::2], ends[1::2], strict=True):
                judgements.append(judgement(conversation, t, chosen, rejected, labels or {}))
    on_progress(len(todo), len(todo))
    return judgements, touched


def judgement(
    conversation: Conversation,
    t: int,
    score_chosen: float,
    score_rejected: float,
    labels: Mapping[str, Mapping[str, str]] = types.MappingProxyType({}),
) -> Judgement:
    """What a judge with these scores says about the comparison at turn `t`; `labels` by conversation id."""
    turn = conversation.turns[t]
    assert turn.chosen is not None
    assert turn.rejected is not None
    return Judgement(
        conversation.id, conversation.family, t, conversation.task, turn.kind or "imported", turn.strength,
        score_chosen, score_rejected,
        len(turn.candidates[turn.chosen].text), len(turn.candidates[turn.rejected].text),
        labels.get(conversation.id, {}),
    )  # fmt: skip


def summary(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Accuracy with its 95 % interval (by family: models/intervals.py), beside what "the longer response wins" reaches
    and a paired test of the two; loss, Brier score and mean margin. Flat, numbers only."""
    if not judgements:
        return {"comparisons": 0}
    rights, families = [j.right for j in judgements], [j.family for j in judgements]
    longer = [j.longer for j in judgements]
    accuracy, low, high = share(rights, families)
    over = paired(rights, longer, families)
    margins = margins_of(judgements)
    return {
        "comparisons": len(judgements),
        "families": len(set(families)),
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "longer_wins": sum(longer) / len(longer),
        "over_longer": over.difference,
        "over_longer_error": _finite(over.standard_error),
        "over_longer_p": over.mcnemar_p,
        "loss": calibration.log_loss(margins),
        "brier": calibration.brier(margins),
        "margin": float(margins.mean()),
    }


def margins_of(judgements: Sequence[Judgement]) -> calibration.Array:
    """(n,)"""
    return np.array([j.margin for j in judgements], dtype=np.float64)


def _finite(number: float) -> float | None:
    """JSON has no infinity."""
    return number if math.isfinite(number) else None


def spread(judgements: Sequence[Judgement]) -> tuple[float, float]:
    """Mean and standard deviation of all scores."""
    scores = _scores(judgements)
    return (float(scores.mean()), float(scores.std())) if len(scores) else (0.0, 0.0)


def _scores(judgements: Sequence[Judgement]) -> calibration.Array:
    """(2n,) chosen ones first."""
    return np.array([j.score_chosen for j in judgements] + [j.score_rejected for j in judgements], dtype=np.float64)


def length_correlation(judgements: Sequence[Judgement]) -> float | None:
    """Correlation of the difference of scores with that of log lengths, within comparisons: what the prompt demands is
    the same for both. Each comparison counts in both directions, so that it does not matter which one was chosen. None
    if one of the two never differs."""
    margins = margins_of(judgements)
    lengths = np.array([j.log_length_ratio for j in judgements])
    norm = float(np.sqrt((margins**2).sum() * (lengths**2).sum()))
    return float((margins * lengths).sum()) / norm if norm else None


def alarms(judgements: Sequence[Judgement]) -> list[str]:
    """What nobody should overlook, a sentence each."""
    if not judgements:
        return []
    found = []
    loss = calibration.log_loss(margins_of(judgements))
    if spread(judgements)[1] < CONSTANT or abs(loss - UNDECIDED) < 0.001:
        found.append("The PM does not tell candidates apart: its scores are constant or its loss is log 2.")
    elif loss > UNDECIDED:
        found.append(f"The PM's loss is {loss:.3f}, a coin's is {UNDECIDED:.3f}: it is surer than it is right.")
    correlation = length_correlation(judgements)
    if correlation is not None and abs(correlation) >= BY_LENGTH:
        liking = "long" if correlation > 0 else "short"
        found.append(
            f"The PM mostly likes {liking} responses: its scores and lengths correlate by {correlation:.2f} "
            "within comparisons."
        )
    return found


def above_thresholds(judgements: Sequence[Judgement]) -> list[dict[str, Any]]:
    """Accuracy where both scores reach a threshold: the regime into which a policy is pushed, where differences are
    subtler and samples fewer (Bai et al. 2022, §3.3 and fig. 25). Thresholds are quantiles of all scores."""
    if not judgements:
        return []
    thresholds = [float(t) for t in np.quantile(_scores(judgements), QUANTILES)]
    return [
        {
            "quantile": quantile,
            "threshold": threshold,
            **summary([j for j in judgements if min(j.score_chosen, j.score_rejected) >= threshold]),
        }
        for quantile, threshold in zip(QUANTILES, thresholds, strict=True)
    ]


def histograms(judgements: Sequence[Judgement]) -> dict[str, Any] | None:
    """How often each score came, chosen and rejected candidates apart, in equal bins over all of them: by tranche kind
    (Bai et al. 2022, fig. 15, left) and by task (fig. 14, left). Counts; `edges` are one more. None without scores."""
    if not judgements:
        return None
    edges = np.histogram_bin_edges(_scores(judgements), BINS)

    def counted(some: Sequence[Judgement]) -> dict[str, list[int]]:
        sides = {"chosen": [j.score_chosen for j in some], "rejected": [j.score_rejected for j in some]}
        return {side: np.histogram(scores, edges)[0].tolist() for side, scores in sides.items()}

    by_kind = {
        kind: counted([j for j in judgements if j.kind == kind]) for kind in sorted({j.kind for j in judgements})
    }
    by_task = {
        task: counted([j for j in judgements if j.task == task]) for task in sorted({j.task for j in judgements})
    }
    return {"edges": edges.tolist(), "by_kind": by_kind, "by_task": by_task}


def fits_temperature(family: str) -> bool:
    """Which half of the families a temperature is fitted on; the other one judges it. A pure function, so that a family
    which fitted a snapshot's temperature never judges it later. (The family again hashed: the split uses it too.)"""
    return hashlib.sha256(f"temperature {family}".encode()).digest()[0] < 128


def fit_temperature(judgements: Sequence[Judgement], others: Sequence[float] = ()) -> float | None:
    """The temperature on the half of the families that fits, and on the margins of `others` that judge nothing; None if
    that would be a guess."""
    fitting = margins_of([j for j in judgements if fits_temperature(j.family)])
    return calibration.temperature(np.concatenate([fitting, np.array(others, dtype=np.float64)]))


def calibrate(judgements: Sequence[Judgement], temperature: float | None) -> dict[str, Any]:
    """Calibration as it is, and with a temperature on the half of the families that fitted none: the given one (a
    snapshot's own), else one that is fitted on the other half of these."""
    origin = "snapshot" if temperature else "these comparisons"
    temperature = temperature or fit_temperature(judgements)
    judging = margins_of([j for j in judgements if not fits_temperature(j.family)])
    return {
        "as_is": calibration.summary(margins_of(judgements)),
        "temperature": temperature,
        "temperature_of": origin if temperature else None,
        "with_temperature": calibration.summary(judging / temperature) if temperature else None,
    }


def compare(judgements: Sequence[Judgement], others: Sequence[Judgement]) -> dict[str, Any]:
    """Two PMs on the comparisons that both could read, paired: the error of the difference is far below that of either
    accuracy. `agreement`: how often they prefer the same candidate, whoever is right; a test-PM that parts from its PM
    shows it here."""
    known = {(j.id, j.turn): j for j in others}
    both = [(j, known[j.id, j.turn]) for j in judgements if (j.id, j.turn) in known]
    if not both:
        return {"comparisons": 0}
    families = [mine.family for mine, _ in both]
    rights, other_rights = [mine.right for mine, _ in both], [other.right for _, other in both]
    difference, error, p = paired(rights, other_rights, families)
    agreement, low, high = share([float(a == b) for a, b in zip(rights, other_rights, strict=True)], families)
    return {
        "comparisons": len(both),
        "accuracy": sum(rights) / len(both),
        "other_accuracy": sum(other_rights) / len(both),
        "difference": difference,
        "standard_error": _finite(error),
        "low": _finite(difference - Z * error),
        "high": _finite(difference + Z * error),
        "mcnemar_p": p,
        "agreement": agreement,
        "agreement_low": low,
        "agreement_high": high,
    }
