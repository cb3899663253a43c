"""What both benchmarks beside trl's trainers give these."""

import time
from typing import Any

import torch
from transformers import TrainerCallback

QUIET: dict[str, Any] = {
    "bf16": False, "use_cpu": not torch.cuda.is_available(), "gradient_checkpointing": False, "save_strategy": "no",
    "logging_strategy": "no", "report_to": "none", "disable_tqdm": True,
}  # fmt: skip
"""Their defaults would mix precisions, spend time on memory, and write and print while the clock runs."""


class Watch(TrainerCallback):  # type: ignore[misc]
    """The time of the optimiser steps but the first, which warms up."""

    _began = _ended = 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._ended = time.perf_counter()
        if state.global_step == 1:
            self._began = self._ended

    @property
    def seconds(self) -> float:
        return self._ended - self._began
