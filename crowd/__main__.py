"""`python -m crowd --url http://127.0.0.1:8000 --crowdworkers 8 --conversations 40 --judge length`: simulated
crowdworkers work through the public API of a running Turnwise."""

import argparse
import sys
from pathlib import Path

from crowd import openers
from crowd.crowd import Plan, run
from crowd.judges import UnknownJudge, judge
from crowd.profiles import PROFILES


def main() -> int:
    options = _parser().parse_args()
    try:
        deck = [row for path in options.openers or [] for row in openers.read(path)]
        judged_by = judge(options.judge)
    except (openers.BadOpeners, UnknownJudge) as error:
        print(error, file=sys.stderr)
        return 3
    plan = Plan(
        url=options.url,
        crowdworkers=options.crowdworkers,
        conversations=options.conversations,
        turns=options.turns,
        task=options.task,
        noise=options.noise,
        seed=options.seed,
        think=options.think,
        patience=options.patience,
        profiles=tuple(options.profiles),
    )
    summary = run(plan, judged_by, deck or openers.bundled(options.task))
    print("\n".join(summary.lines()))
    return 0 if summary.whole else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crowd", description="Simulated crowdworkers at work.")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the web process (default: %(default)s)")
    parser.add_argument("--crowdworkers", type=_positive, default=8)
    parser.add_argument("--conversations", type=_positive, default=40, help="all together")
    parser.add_argument("--turns", type=_positive, default=3, help="of each conversation, as far as the task allows")
    parser.add_argument("--judge", default="length", help="length, keyword, keyword:WORD,WORD or pm:URL[#model]")
    parser.add_argument("--noise", type=_share, default=0.2, help="how often a choice goes against the judge")
    parser.add_argument("--task", choices=["helpfulness", "red-team"], default="helpfulness")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--openers", type=Path, nargs="+", metavar="FILE", help='.jsonl or .jsonl.gz of {"prompt"} rows'
    )
    parser.add_argument("--profiles", type=_profiles, default=["careful"], metavar="NAME,NAME",
                        help=f"taken in turn: {', '.join(PROFILES)}")  # fmt: skip
    parser.add_argument("--think", type=float, default=0.0, help="mean seconds before each message and each choice")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds to wait for a server that is away")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("from 0 to 1")
    return share


def _profiles(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in PROFILES]:
        raise argparse.ArgumentTypeError(f"“{unknown[0]}” is none of {', '.join(PROFILES)}")
    return names


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
