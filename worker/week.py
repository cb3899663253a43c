"""What a stage of the week may look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.settings import get_settings
from app.tables import Iteration
from worker.presets import IterationConfig

Result = dict[str, Any]
"""JSON of a succeeded stage: what later stages read and the dashboard shows."""


@dataclass(frozen=True)
class Week:
    iteration: Iteration
    stage_run_id: str
    config: IterationConfig
    results: Mapping[str, Result]
    """Of the stages before this one."""
    input_hash: str
    """Of all that decides this stage's result."""

    def directory(self, name: str) -> Path:
        """Of a run of this stage. Other inputs make another directory; the same ones go on where it stopped."""
        directory = get_settings().runs_dir / self.iteration.name / f"{name}-{self.input_hash[:8]}"
        directory.mkdir(parents=True, exist_ok=True)
        return directory
