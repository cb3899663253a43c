"""A fixed reference set: every PM scores the same few responses, good and bad, so that PMs of different weeks can
be compared. The loss sees differences alone, so the scores of each PM have an offset of their own (Bai et al. 2022,
app. B.2 subtracts each PM's mean on a common set, too).

`reference.jsonl` is written for it and must never change: means on another set are no longer comparable. It is also an
input of `models.score`.
"""

from pathlib import Path

from models.dialogue import Message, Renderer, rows_of
from models.preference_model import PreferenceModel

FILE = Path(__file__).with_name("reference.jsonl")


def mean_score(pm: PreferenceModel, renderer: Renderer, system: str) -> float:
    """Mean score of the reference responses, behind this system message."""
    responses: dict[str, list[list[int]]] = {}
    for _, row in rows_of(FILE):
        responses.setdefault(row["prompt"], []).append(renderer.response_ids(row["response"]))
    prompts = [renderer.prompt_ids([Message("system", system), Message("user", prompt)]) for prompt in responses]
    scores = [score for group in pm.score(prompts, list(responses.values())) for score in group]
    return sum(scores) / len(scores)
