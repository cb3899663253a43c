"""What benchmarks share: sides in processes of their own, what they used, and what the machine can do."""

import json
import os
import subprocess
import sys
import time
from typing import Any


def threads() -> int:
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def side(module: str, *arguments: str) -> dict[str, Any]:
    """What `python -m MODULE … --side …` prints in its last line, measured in a process of its own."""
    child = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    if child.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{child.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return result


def matmul_peak(dtype: str) -> float:
    """The most operations a second that a product of two square matrices reaches here."""
    import torch

    torch.set_num_threads(threads())
    best = 0.0
    for size in (512, 1024, 2048):
        a, b = (torch.rand(size, size, dtype=getattr(torch, dtype)) for _ in range(2))
        for _ in range(8):
            began = time.perf_counter()
            a @ b
            best = max(best, 2 * size**3 / (time.perf_counter() - began))
    return best


def figure(name: str, value: float, unit: str, **more: Any) -> None:
    """One line of JSON; `more` is what it was measured beside."""
    print(json.dumps({"figure": name, "value": round(value, 3), "unit": unit, **more}), flush=True)
