"""A run without tensors: what `python -m models.X RUN_DIR` does at the seam (docs/seams.md §3), in milliseconds.

Named as TRAIN_LAUNCHER, so it receives the command it stands for and needs its last word only. `script.json` in the run
directory says what shall happen, or the variable CHILD_SCRIPT."""

import json
import os
import signal
import sys
import time
from pathlib import Path

from models import run as seam


def work(directory: Path) -> None:
    told = directory / "script.json"
    script = json.loads(told.read_text() if told.exists() else os.environ["CHILD_SCRIPT"])
    with seam.RunDirectory.open(directory) as run:
        say(directory, "started")
        (directory / "pid").write_text(str(os.getpid()))
        for name in script.get("tell", []):
            say(directory, f"{name}={os.environ.get(name)}")
        if "refuse" in script:
            raise seam.BadInput(script["refuse"])
        if "lose" in script and crashes(directory) < 1:
            say(directory, "crashed")
            raise seam.Interrupted(script["lose"])
        latest = run.checkpoints.latest()
        first = latest[0] if latest else 0
        run.rewind(first)
        for step in range(first + 1, script["steps"] + 1):
            if step in script.get("crash_at", []) and crashes(directory) < script.get("crashes", 1):
                say(directory, "crashed")
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(script.get("seconds", 0.01))
            if run.preempted and not script.get("deaf"):
                raise seam.Preempted
            run.metrics(step, {"pm/loss": 1 / step})
            run.progress("train", step, script["steps"])
            run.checkpoints.save(step, lambda checkpoint: None)
            say(directory, f"step {step}")  # once it is kept: a step that a kill undid is rightly done again
        kept = [{"name": name} for name in script.get("snapshots", [])]
        run.result({"steps": script["steps"], "snapshots": kept})
        for name in ["snapshot", *(f"snapshots/{one['name']}" for one in kept)]:
            with seam.directory_atomically(directory / name) as snapshot:
                (snapshot / "adapter_model.safetensors").write_bytes(name.encode())
                manifest = {"name": name, "base": {"source": "toy", "hash": "b"}, "data_hash": "d", "files": {}}
                (snapshot / "manifest.json").write_text(json.dumps(manifest))


def say(directory: Path, what: str) -> None:
    with (directory / "story.txt").open("a") as file:
        file.write(f"{what}\n")


def crashes(directory: Path) -> int:
    return (directory / "story.txt").read_text().splitlines().count("crashed")


if __name__ == "__main__":
    seam.main(lambda: work(Path(sys.argv[-1])))
