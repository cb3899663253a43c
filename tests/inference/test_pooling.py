"""Scores over HTTP are the PM's own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import httpx
import pytest
import torch

from inference import engine
from inference.wire import ChatMessage, PoolingRequest
from models import snapshot
from models.dialogue import DEFAULT_SYSTEM, Message
from models.preference_model import Ensemble, PreferenceModel, Reads, Together
from tests.inference.conftest import Toy, ask, load, score, stats, texts, torch_backend
from tests.networks import disturb

PROMPTS = ("Tell me of sea and sun 3", "And owl?", "Grüße 🥑!")
RESPONSES = ("tree bee sea", "", "stone " * 12, "salt and 🥑")


def _own(toy: Toy, text: str, response: str, system: str = DEFAULT_SYSTEM) -> float:
    prompt = toy.renderer.prompt_ids([Message("system", system), Message("user", text)])
    return toy.pm.score([prompt], [[toy.renderer.response_ids(response)]])[0][0]


def test_a_score_is_what_the_pm_says_in_models(client: httpx.Client, toy: Toy) -> None:
    for text in PROMPTS:
        for response in RESPONSES:
            answer = score(client, response, text)
            assert answer.status_code == 200
            (data,) = answer.json()["data"]
            assert data["index"] == 0
            assert data["data"] == pytest.approx([_own(toy, text, response)], abs=1e-5)


def test_scores_differ_by_response_and_by_system_message(client: httpx.Client, toy: Toy) -> None:
    assert len({round(_own(toy, PROMPTS[0], response), 4) for response in RESPONSES}) == 4
    messages = [
        {"role": "system", "content": "Be rude."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "No."},
    ]
    found = client.post("/pooling", json={"model": "pm", "messages": messages}).json()["data"][0]["data"][0]
    assert found == pytest.approx(_own(toy, "Hello", "No.", "Be rude."), abs=1e-5)
    assert abs(found - _own(toy, "Hello", "No.")) > 1e-4


def test_a_dialogue_of_several_turns_is_read_at_the_end_of_its_last_response(client: httpx.Client, toy: Toy) -> None:
    messages = [
        {"role": "user", "content": "Tell me of moss"},
        {"role": "assistant", "content": "moss moss"},
        {"role": "user", "content": "And plum?"},
        {"role": "assistant", "content": "plum tea"},
    ]
    answer = client.post("/pooling", json={"model": "pm", "messages": messages}).json()
    said = [Message("system", DEFAULT_SYSTEM), *(Message(m["role"], m["content"]) for m in messages[:-1])]
    prompt, response = toy.renderer.prompt_ids(said), toy.renderer.response_ids("plum tea")
    assert answer["data"][0]["data"][0] == pytest.approx(toy.pm.score([prompt], [[response]])[0][0], abs=1e-5)
    assert answer["usage"]["prompt_tokens"] == len(prompt) + len(response)


@pytest.mark.parametrize("combine", ["mean", "worst", "penalised"])
def test_an_ensemble_scores_together(
    client: httpx.Client, toy: Toy, tmp_path: Path, combine: Literal["mean", "worst", "penalised"]
) -> None:
    torch.manual_seed(1)
    other = PreferenceModel.fresh(toy.backbone, "other", 2)
    disturb(toy.backbone, "other", size=0.3)
    torch.nn.init.normal_(other.head.weight, std=toy.backbone.width**-0.5)
    ensemble = Ensemble([toy.pm, other], Together(combine, 0.5, (0.1, -0.2)))
    base = {"source": "toy", "hash": toy.backbone.hash}
    made = snapshot.save(tmp_path / combine, snapshot.Manifest(combine, "pm", base, DEFAULT_SYSTEM), ensemble.write)
    load(client, combine, made.directory).raise_for_status()
    for response in RESPONSES:
        (found,) = score(client, response, PROMPTS[0], combine).json()["data"][0]["data"]
        prompt = toy.renderer.prompt_ids([Message("system", DEFAULT_SYSTEM), Message("user", PROMPTS[0])])
        assert found == pytest.approx(ensemble.score([prompt], [[toy.renderer.response_ids(response)]])[0][0], abs=1e-5)
    toy.backbone.remove_adapter("other")


@pytest.mark.parametrize("reads", ["end", "response"])
def test_a_pm_with_a_head_for_each_task_needs_not_be_told_the_task(
    client: httpx.Client, toy: Toy, tmp_path: Path, reads: Reads
) -> None:
    pm = PreferenceModel.fresh(toy.backbone, "tasks", 2, tasks=["helpfulness", "red-team"], reads=reads)
    disturb(toy.backbone, "tasks", size=0.3)
    for parameter in pm.head.parameters():
        torch.nn.init.normal_(parameter, std=toy.backbone.width**-0.5)
    base = {"source": "toy", "hash": toy.backbone.hash}
    made = snapshot.save(tmp_path / "tasks", snapshot.Manifest("tasks", "pm", base, DEFAULT_SYSTEM), pm.write)
    name = f"tasks-{reads}"  # the server is shared
    load(client, name, made.directory).raise_for_status()
    (found,) = score(client, RESPONSES[0], PROMPTS[0], name).json()["data"][0]["data"]
    prompt = toy.renderer.prompt_ids([Message("system", DEFAULT_SYSTEM), Message("user", PROMPTS[0])])
    assert found == pytest.approx(pm.score([prompt], [[toy.renderer.response_ids(RESPONSES[0])]])[0][0], abs=1e-5)
    toy.backbone.remove_adapter("tasks")


def test_requests_at_the_same_time_share_rows_and_get_their_own_scores(toy: Toy) -> None:
    backend = torch_backend(toy)
    asyncio.run(backend.load("pm", str(toy.snapshots["pm"])))
    wanted = [(text, response) for text in PROMPTS for response in RESPONSES]

    async def all_scores() -> list[float]:
        requests = [
            PoolingRequest(
                model="pm",
                messages=[ChatMessage(role="user", content=text), ChatMessage(role="assistant", content=response)],
            )
            for text, response in wanted
        ]
        return [found.score for found in await asyncio.gather(*map(backend.score, requests))]

    found = asyncio.run(all_scores())
    backend.close()
    assert found == pytest.approx([_own(toy, *pair) for pair in wanted], abs=1e-5)
    assert backend.stats()["scored"] == 12
    assert backend.stats()["scored_rows"] <= 2, "three prompts and twelve responses go into one row"


def test_scoring_and_sampling_at_the_same_time_do_not_disturb_each_other(client: httpx.Client, toy: Toy) -> None:
    request = ask(model="week-1", temperature=0, max_tokens=40)
    expected = texts(client, request)
    before = stats(client)["scored"]
    with ThreadPoolExecutor(8) as pool:
        said = [pool.submit(texts, client, request) for _ in range(4)]
        scored = [pool.submit(score, client, RESPONSES[i % 4]) for i in range(12)]
        assert all(future.result() == expected for future in said)
        for i, future in enumerate(scored):
            own = _own(toy, PROMPTS[0], RESPONSES[i % 4])
            assert future.result().json()["data"][0]["data"][0] == pytest.approx(own, abs=1e-5)
    assert stats(client)["scored"] - before == 12


def test_what_cannot_be_scored_is_refused(client: httpx.Client, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, words in ((2048, 500), (1000, 200)):  # the base's context; a PM's own limit in a longer one
        monkeypatch.setattr(engine, "MAX_TOKENS", limit)
        long = score(client, "moss " * words)
        assert (long.status_code, f"a PM reads at most {limit}" in long.json()["error"]["message"]) == (400, True)
    no_response = client.post("/pooling", json=ask(model="pm"))
    assert no_response.status_code == 400
    assert "must end with an assistant message" in no_response.json()["error"]["message"]
    assert score(client, "x", model="nobody").status_code == 404
    assert load(client, "pm", toy.snapshots["pm"]).status_code == 200
