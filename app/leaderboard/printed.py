"""A board as a terminal shows it."""

from collections.abc import Iterator
from datetime import date

from app.leaderboard.schemas import Board, Elo


def printed(task: str, week: date | None, board: Board) -> str:
    when = "all weeks" if week is None else f"week of {week}"
    title = f"{task}, {when}: {board.comparisons:,} comparisons by {board.crowdworkers:,} crowdworkers"
    return "\n".join([title, *_lines(board), ""])


def _lines(board: Board) -> Iterator[str]:
    width = max(12, *(len(one.name) for one in board.standings))
    intervals = f"{'95 % bootstrap':>16}  {'95 % sandwich':>16}"
    yield f"  {'policy':{width}}{'Elo':>6}  {intervals}{'equal length':>14}{'compared':>10}"
    for one in sorted(board.standings, key=lambda one: -one.elo.elo if one.elo else float("inf")):
        if one.elo is None:
            yield f"  {one.name:{width}}     –  not enough data: {one.missing}"
            continue
        equal = f"{one.equal_length.elo:.0f}" if one.equal_length else "–"
        yield (
            f"  {one.name:{width}}{one.elo.elo:6.0f}  {_interval(one.elo):>16}  {_interval(one.sandwich):>16}"
            f"{equal:>14}{one.comparisons:>10,}"
        )


def _interval(elo: Elo | None) -> str:
    return "–" if elo is None or elo.low is None or elo.high is None else f"{elo.low:.0f} to {elo.high:.0f}"
