"""The field's reference: trl.RewardTrainer on flattened pairs, with the same weights."""

from pathlib import Path

import pytest
import torch
from datasets import Dataset
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification
from trl import RewardConfig, RewardTrainer

from models import tiny
from models.backbone import Backbone, prepare
from models.config import PMConfig
from models.data import Example, examples
from models.dialogue import Renderer
from models.preference_model import PreferenceModel
from models.train_pm import accumulate

CENTRE = 0.1


def flattened(example: Example, node: int) -> list[int]:
    ids: list[int] = []
    walk: int | None = node
    while walk is not None:
        ids = [*example.tree.nodes[walk].tokens, *ids]
        walk = example.tree.nodes[walk].parent
    return ids


def test_our_loss_on_trees_is_that_of_trl_on_pairs_and_so_are_its_gradients(tmp_path: Path) -> None:
    tokenizer = tiny.tokenizer()
    # trl reads the last token that is not padding, so with the end-of-turn token for padding it would read another one.
    tokenizer.pad_token = "<|endoftext|>"
    config = LlamaConfig(
        vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=1024, pad_token_id=tokenizer.pad_token_id, num_labels=1,
    )  # fmt: skip
    decoder, classifier = LlamaForCausalLM(config), LlamaForSequenceClassification(config)
    classifier.model.load_state_dict(decoder.model.state_dict())
    prepare(decoder)
    pm = PreferenceModel.fresh(Backbone(decoder, "random", "0"), "pm", 4)
    torch.nn.init.normal_(pm.head.weight)
    classifier.score.weight.data.copy_(pm.head.weight)

    todo, _ = examples(list(tiny.conversations(4, turns=3)), Renderer(tokenizer), 1024)
    rows = [
        {"chosen_ids": flattened(example, chosen), "rejected_ids": flattened(example, rejected)}
        for example in todo
        for chosen, rejected in example.pairs
    ]
    assert len(rows) == 12
    trainer = RewardTrainer(
        model=classifier,
        args=RewardConfig(
            output_dir=str(tmp_path),
            center_rewards_coefficient=CENTRE,
            max_length=None,
            bf16=False,
            use_cpu=True,
            report_to="none",
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    theirs = trainer.compute_loss(classifier, trainer.data_collator(list(trainer.train_dataset)))
    theirs.backward()

    outcomes = accumulate([pm], todo, PMConfig(centre=CENTRE))
    assert outcomes is not None
    loss = outcomes[0].loss
    found = pm.score_trees([e.tree for e in todo], [e.ends for e in todo])
    scores = torch.tensor([score for some in found for score in some]).view(-1, 2)
    centring = CENTRE * scores.sum(1).square().mean().item()
    assert abs(loss - 0.6931) > 1e-3
    assert centring > 1e-3
    assert theirs.item() == pytest.approx(loss + centring, abs=1e-5)
    torch.testing.assert_close(pm.head.weight.grad, classifier.score.weight.grad, atol=1e-5, rtol=1e-4)
