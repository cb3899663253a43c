import math
from pathlib import Path

import pytest
import torch

from models import preference_model, snapshot
from models.backbone import Backbone, resolve_base
from models.dialogue import DEFAULT_SYSTEM, Renderer
from models.preference_model import Ensemble, Head, PreferenceModel, Together, load_head, pairwise_loss
from models.run import BadInput
from models.snapshot import Manifest
from tests.networks import disturb, random_pm

Toy = tuple[Backbone, Renderer]


def test_the_pairwise_loss_by_hand() -> None:
    chosen = torch.tensor([0.0, math.log(3), -math.log(3), 200.0, -200.0], requires_grad=True)
    losses = pairwise_loss(chosen, torch.zeros(5))
    # Told apart not at all: log 2. Three to one for the right one: log(1 + 1/3). For the wrong one: log(1 + 3).
    assert losses.tolist() == pytest.approx([math.log(2), math.log(4 / 3), math.log(4), 0.0, 200.0])
    losses.sum().backward()
    # Its slope is minus the probability that the PM gives to the other choice.
    assert chosen.grad is not None
    assert chosen.grad.tolist() == pytest.approx([-1 / 2, -1 / 4, -3 / 4, 0.0, -1.0])


def test_the_loss_of_an_uncertain_choice_by_hand() -> None:
    difference = torch.tensor([math.log(4), 0.0], requires_grad=True)
    losses = pairwise_loss(difference, torch.zeros(2), torch.tensor([0.8, 0.8]))
    # Four to one is what a certainty of 0.8 asks for: its own entropy, and no slope.
    assert losses.tolist() == pytest.approx([-(0.8 * math.log(0.8) + 0.2 * math.log(0.2)), math.log(2)])
    losses.sum().backward()
    assert difference.grad is not None
    assert difference.grad.tolist() == pytest.approx([0.0, 0.5 - 0.8], abs=1e-6)


def test_the_loss_knows_only_differences() -> None:
    chosen, rejected = torch.randn(9), torch.randn(9)
    assert torch.allclose(pairwise_loss(chosen, rejected), pairwise_loss(chosen + 7, rejected + 7), atol=1e-5)


def test_a_new_head_prefers_nothing_and_has_no_bias() -> None:
    head = Head(576)
    assert head.bias is None
    scores = head(torch.randn(3, 576, dtype=torch.bfloat16))
    assert scores.dtype == torch.float32
    assert scores.tolist() == [0.0] * 3


def test_the_score_is_read_at_the_end_of_turn_token_even_of_a_text_that_was_cut(toy: Toy) -> None:
    backbone, renderer = toy
    pm = random_pm(backbone)
    prompt, response = renderer.opening_ids(DEFAULT_SYSTEM, "Hi"), renderer.response_ids("sea and su")
    assert response[-1] == renderer.end_of_turn
    with backbone.use("pm"):
        states = backbone.causal_lm.base_model(input_ids=torch.tensor([prompt + response])).last_hidden_state
    (score,) = pm.score([prompt], [[response]])[0]
    assert score == pytest.approx(pm.head(states[0, -1:]).item(), abs=1e-5)


def test_a_reloaded_pm_gives_the_very_scores_of_the_saved_one(toy: Toy, tmp_path: Path) -> None:
    backbone, renderer = toy
    pm = random_pm(backbone, size=0.1)
    prompts = [renderer.opening_ids(DEFAULT_SYSTEM, f"Tell me of {word}") for word in ("sea", "sun")]
    responses = [[renderer.response_ids(text) for text in ("tea", "bee tree")]] * 2
    before = pm.score(prompts, responses)
    manifest = Manifest(
        "pm", "pm", {"source": "toy", "hash": backbone.hash}, DEFAULT_SYSTEM, config={"dtype": "float32"}
    )
    snapshot.save(tmp_path / "pm", manifest, pm.write)

    again, found, its_renderer = PreferenceModel.open(tmp_path / "pm")
    assert again.score(prompts, responses) == before
    assert found.manifest == manifest
    assert its_renderer.opening_ids(DEFAULT_SYSTEM, "Tell me of sea") == prompts[0]
    assert torch.equal(load_head(tmp_path / "pm").weight, pm.head.weight)
    # And on the base that is in memory already, beside the first one.
    beside, _ = PreferenceModel.load(backbone, "pm-2", tmp_path / "pm")
    assert beside.score(prompts, responses) == before


def test_scores_together_by_hand_whatever_offset_each_member_has() -> None:
    scores = torch.tensor([[1.0, 4.0], [13.0, 10.0]])  # the second member says 10 more of everything
    assert Together("mean", 0.5, (0.0, 10.0))(scores).tolist() == [2.0, 2.0]
    assert Together("worst", 0.5, (0.0, 10.0))(scores).tolist() == [1.0, 0.0]
    # Variances 1 and 4.
    assert Together("penalised", 0.5, (0.0, 10.0))(scores).tolist() == [1.5, 0.0]


def test_a_reloaded_ensemble_gives_the_very_scores_of_the_saved_one(toy: Toy, tmp_path: Path) -> None:
    backbone, renderer = toy
    members = []
    for i, name in enumerate(("pm", "pm-1", "pm-2")):
        members.append(PreferenceModel.fresh(backbone, name, 4))
        disturb(backbone, name, 0.1 * (i + 1))
        torch.nn.init.normal_(members[-1].head.weight)
    together = Together("worst", 0.5, (0.25, -0.5, 1.0))
    prompts = [renderer.opening_ids(DEFAULT_SYSTEM, f"Tell me of {word}") for word in ("sea", "sun")]
    responses = [[renderer.response_ids(text) for text in ("tea", "bee tree", "moss")]] * 2
    ensemble = Ensemble(members, together)
    before = ensemble.score(prompts, responses)
    alone = [member.score(prompts, responses) for member in members]
    for i in range(2):
        for j in range(3):
            lowest = min(scores[i][j] - off for scores, off in zip(alone, together.offsets, strict=True))
            assert before[i][j] == pytest.approx(lowest, abs=1e-5)
    base = {"source": "toy", "hash": backbone.hash}
    manifest = Manifest("pm", "pm", base, DEFAULT_SYSTEM, config={"dtype": "float32"})
    saved = snapshot.save(tmp_path / "pm", manifest, ensemble.write)
    assert {"adapter_model.safetensors", "1/adapter_model.safetensors", "2/head.safetensors"} < set(saved.files)

    again, _, _ = PreferenceModel.open(tmp_path / "pm")
    assert again.score(prompts, responses) == before
    # Who starts a value function from it finds the first member where a PM would be.
    assert torch.equal(load_head(tmp_path / "pm").weight, members[0].head.weight)
    # No member may be lost or changed.
    weights = tmp_path / "pm" / "2" / "head.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(BadInput, match=r"2/head\.safetensors is truncated or was changed"):
        PreferenceModel.open(tmp_path / "pm")


@pytest.mark.parametrize("where", ["head", "adapter"])
def test_a_snapshot_with_weights_that_are_no_numbers_is_refused(where: str, toy: Toy, tmp_path: Path) -> None:
    backbone, _ = toy
    pm = random_pm(backbone)
    broken = pm.head.weight if where == "head" else pm.parameters()[0]
    broken.data[0, 0] = math.nan
    snapshot.save(
        tmp_path / "pm", Manifest("pm", "pm", {"source": "toy", "hash": backbone.hash}, DEFAULT_SYSTEM), pm.write
    )
    with pytest.raises(BadInput, match=r"The snapshot .*pm has weights that are not finite numbers\.$"):
        PreferenceModel.open(tmp_path / "pm")


def test_a_pm_of_another_base_is_refused(toy: Toy, tmp_path: Path) -> None:
    backbone, _ = toy
    pm = PreferenceModel.fresh(backbone, "pm", 4)
    other = Manifest("pm", "pm", {"source": str(resolve_base("toy")), "hash": "0" * 64}, DEFAULT_SYSTEM)
    snapshot.save(tmp_path / "pm", other, pm.write)
    with pytest.raises(BadInput, match="was trained on another base"):
        PreferenceModel.open(tmp_path / "pm")


def test_nothing_to_score_is_no_scores(toy: Toy) -> None:
    pm = PreferenceModel.fresh(toy[0], "pm", 4)
    assert pm.score([], []) == []


def test_so_many_responses_that_one_tree_would_be_too_long_share_a_few(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone, renderer = toy
    pm = random_pm(backbone)
    prompts = [renderer.opening_ids(DEFAULT_SYSTEM, human) for human in ("Hi", "Ho")]
    responses = [[renderer.response_ids("ab" * n) for n in range(1, 30)], [renderer.response_ids("x")]]
    at_once = pm.score(prompts, responses)
    rows: list[int] = []
    real = preference_model.pack
    monkeypatch.setattr(preference_model, "MAX_TOKENS", 300)
    monkeypatch.setattr(preference_model, "pack", lambda trees, n: rows.extend(t.size for t in trees) or real(trees, n))
    in_parts = pm.score(prompts, responses)
    assert len(rows) > 4
    assert max(rows) <= 300
    assert [len(scores) for scores in in_parts] == [29, 1]
    for one, other in zip(at_once, in_parts, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
