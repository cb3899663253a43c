"""How long the explorer's list takes: filters, words, both, and pages far back, on the rows of `benchmarks/rows.py`.

What a request does after it is known who asks: find, count up to a thousand, read what the page shows, write the JSON.
"""

import statistics
import time
from collections.abc import Iterator

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.explorer.queries import Filters, find
from benchmarks.rows import SYLLABLES

TIMES = 5


def word(rank: int) -> str:
    """Of the generator's language; the first is in nearly every text."""
    return "".join(SYLLABLES[rank // 30**at % 30] for at in range(3))


EVERYWHERE, COMMON, SOME, RARE = word(1), word(20), word(400), word(9_000)
SEARCHES: dict[str, dict[str, str | int | bool]] = {
    "all": {},
    "a task": {"task": "red-team"},
    "a kind": {"kind": "base"},
    "a kind that nobody has": {"kind": "imported"},
    "a strength": {"strength": 4},
    "a crowdworker": {"crowdworker": "person-7"},
    "the initial policy": {"snapshot": "initial"},
    "an early policy": {"snapshot": "week-02"},
    "test": {"split": "test"},
    "a month long ago": {"since": "2025-11-01", "until": "2025-11-30"},
    "reported": {"reported": "any"},
    "edited": {"edited": True},
    "far back": {"before": 2_000},
    "a word of nearly every text": {"q": EVERYWHERE},
    "a common word": {"q": COMMON},
    "a word of some texts": {"q": SOME},
    "a rare word": {"q": RARE},
    "no such word": {"q": "xylophone"},
    "two words": {"q": f"{COMMON} {SOME}"},
    "side by side": {"q": f'"{EVERYWHERE} {COMMON}"'},
    "a beginning": {"q": f"{SOME[:4]}*"},
    "one word without another": {"q": f"{COMMON} -{EVERYWHERE}"},
    "everywhere, of a crowdworker": {"q": EVERYWHERE, "crowdworker": "person-7"},
    "everywhere, a month long ago": {"q": EVERYWHERE, "since": "2025-11-01", "until": "2025-11-30"},
    "everywhere, of nobody": {"q": EVERYWHERE, "kind": "imported"},
    "common, test, an early policy": {"q": COMMON, "split": "test", "snapshot": "week-02"},
    "some, strongly, far back": {"q": SOME, "strength": 4, "before": 20_000},
    "rare, of a task": {"q": RARE, "task": "helpfulness"},
}


def explorer(engine: Engine) -> Iterator[tuple[str, float, str, str]]:
    took: dict[str, list[float]] = {name: [] for name in SEARCHES}
    for _ in range(TIMES):
        for name, filters in SEARCHES.items():
            began = time.perf_counter()
            with Session(engine) as session:
                find(session, Filters.model_validate(filters), red_team=True).model_dump_json()
            took[name].append(1000 * (time.perf_counter() - began))
    slowest = sorted(took, key=lambda name: statistics.median(took[name]))[-3:]
    slow = ", ".join(f"{name} {statistics.median(took[name]):.0f}" for name in reversed(slowest))
    times = sorted(milliseconds for one in took.values() for milliseconds in one)
    searches = f"{len(SEARCHES)} searches, {TIMES} times each; slowest by median: {slow}"
    yield "dashboard.explorer_p50_ms", statistics.median(times), "ms", searches
    yield "dashboard.explorer_p95_ms", times[round(0.95 * (len(times) - 1))], "ms", f"worst {times[-1]:.0f}"
