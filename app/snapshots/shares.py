"""Shares of the traffic, in percent. Pure functions.

A canary: what is new begins with a small share beside those that answer now, until somebody promotes it."""

from collections.abc import Sequence
from typing import NamedTuple

from app.errors import DomainError

SMALLEST = 0.01
"""Percent: shares are written with two decimals, and none may be 0."""

ROUNDING = 0.0101
"""Percent by which shares written with two decimals may miss 100."""


class SharesDoNotAddUp(DomainError):
    status = 422


class CanaryTooLarge(DomainError):
    status = 422


class NothingNew(DomainError):
    status = 422


class Wanted(NamedTuple):
    """One line of a generation: this snapshot with this share (percent), answering with the best of k samples."""

    snapshot: str
    share: float
    best_of: int = 1
    full_share: float | None = None
    """Of a canary generation: the share once it is promoted, 0 for a line that goes then."""

    @property
    def who(self) -> tuple[str, int]:
        return self.snapshot, self.best_of


def must_add_up(wanted: Sequence[Wanted]) -> None:
    total = sum(line.share for line in wanted)
    if not wanted or any(not 0 < line.share <= 100 for line in wanted) or abs(total - 100) > ROUNDING:
        listed = " + ".join(f"{line.share:g}" for line in wanted) or "nothing"
        raise SharesDoNotAddUp(f"Shares must be above 0 and add up to 100; these are {listed} = {total:g}.")
    if len({line.who for line in wanted}) < len(wanted):
        raise SharesDoNotAddUp("A snapshot is listed twice with the same best-of; give it one line with the sum.")


def canary(wanted: Sequence[Wanted], answering: Sequence[Wanted], share: float) -> list[Wanted]:
    """The generation before `wanted`: each line that does not answer yet gets `share` percent (never more than it is
    to have), and those that answer now keep the rest in their present proportions. Where nobody answers yet there is
    nothing to be careful with: `wanted` itself."""
    if not answering:
        return list(wanted)
    present = {line.who for line in answering}
    new = [
        line._replace(share=min(share, line.share), full_share=line.share) for line in wanted if line.who not in present
    ]
    if not new:
        raise NothingNew("Every snapshot of these answers already; a canary share is for one that does not.")
    rest = 100 - sum(line.share for line in new)
    if rest < 50:
        raise CanaryTooLarge(
            f"A canary share of {share:g} % for each of {len(new)} new would leave {rest:g} % for those that answer "
            f"now; they keep at least 50 %."
        )
    full = {line.who: line.share for line in wanted}
    total = sum(line.share for line in answering)
    kept = [
        line._replace(share=max(SMALLEST, round(line.share * rest / total, 2)), full_share=full.get(line.who, 0.0))
        for line in answering
    ]
    # What rounding took or gave belongs to the largest, so that the sum is exact.
    largest = max(range(len(kept)), key=lambda i: kept[i].share)
    others = sum(line.share for line in [*new, *kept]) - kept[largest].share
    kept[largest] = kept[largest]._replace(share=round(100 - others, 2))
    return [*new, *kept]


def promoted(lines: Sequence[Wanted]) -> list[Wanted]:
    """What a canary generation becomes; empty if it is none."""
    full = [line._replace(share=line.full_share, full_share=None) for line in lines if line.full_share]
    return sorted(full, key=lambda line: -line.share)
