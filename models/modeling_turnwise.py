"""A PM with more than one linear head at the last token, as a sequence classification of transformers: `models.export`
puts this file beside the weights, and `trust_remote_code=True` loads it. So it needs nothing of ours.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class TurnwiseForSequenceClassification(PreTrainedModel):
    """A decoder and the heads of a PM: one logit, the score of a dialogue's last response.

    Of its config, beside what the decoder needs: `reads`, `response` or `end` (of a response, as the PM's own);
    `response_begins`, the tokens that stand before a response; `tasks`, those that have a score of their own, of which
    one alone needs not be told from others."""

    base_model_prefix = "model"
    _supports_sdpa = _supports_flash_attn = True  # where the decoder does

    def __init__(self, config: PretrainedConfig, model: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        self.model = AutoModel.from_config(config) if model is None else model
        of_scores, of_gate = (2, 3) if config.reads == "response" else (1, 1)  # times the decoder's width
        self.score = nn.Linear(of_scores * config.hidden_size, len(config.tasks), bias=False)
        self.gate = nn.Linear(of_gate * config.hidden_size, len(config.tasks), bias=False)
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **_: Any) -> SequenceClassifierOutput:
        """Tokens (B, N), padded on either side, and which of them are none of the padding → logits (B, 1)."""
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()  # (B, N, d)
        read = self._read(hidden, input_ids, attention_mask.bool())
        scores = F.linear(read[:, : self.score.in_features], self.score.weight.float())  # (B, tasks)
        likely = F.softmax(F.linear(read, self.gate.weight.float()), -1)
        return SequenceClassifierOutput(logits=(scores * likely).sum(-1, keepdim=True))

    def _read(self, hidden: Tensor, input_ids: Tensor, told: Tensor) -> Tensor:
        """(B, d) or (B, 3d): the last token, and the means over the last response and over what was before it."""
        place = torch.arange(input_ids.shape[1], device=input_ids.device)
        end = hidden[torch.arange(len(hidden)), (told * place).argmax(1)]
        if self.config.reads == "end":
            return end
        begins = torch.tensor(self.config.response_begins, device=input_ids.device)  # (m,)
        here = (input_ids.unfold(1, len(begins), 1) == begins).all(-1)  # (B, N - m + 1)
        first = (here * (place[: here.shape[1]] + len(begins))).amax(1)[:, None]  # (B, 1) of the last response
        means = [_mean(hidden, told & part) for part in (place >= first, place < first)]
        return torch.cat([F.rms_norm(part, part.shape[-1:]) for part in (end, *means)], -1)


def _mean(hidden: Tensor, of: Tensor) -> Tensor:
    """Hidden states (B, N, d), which of them (B, N) → (B, d)."""
    return (of[:, None].float() @ hidden)[:, 0] / of.sum(1, keepdim=True).clamp(1)
