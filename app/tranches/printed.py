"""A datasheet as Markdown: to be kept beside an exported file, or read at a terminal."""

from collections.abc import Iterable, Iterator

from app.tranches.schemas import Datasheet, Facts, Spread


def markdown(sheet: Datasheet) -> str:
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Datasheet) -> Iterator[str]:
    yield f"# Datasheet: {sheet.name}"
    yield ""
    by = f" by iteration {sheet.frozen_by.name}" if sheet.frozen_by else ""
    yield (
        f"{sheet.comparisons:,} comparisons of the kind “{sheet.kind}” in {sheet.conversations:,} conversations, "
        f"frozen on {sheet.created_at:%Y-%m-%d %H:%M} UTC{by}."
    )
    yield ""
    yield f"Content hash (sha256): `{sheet.content_hash}`"
    if sheet.facts and sheet.facts.first_at and sheet.facts.last_at:
        yield ""
        yield f"Chosen from {sheet.facts.first_at:%Y-%m-%d} to {sheet.facts.last_at:%Y-%m-%d} (UTC)."
    yield from _table(
        "What people were asked", ("task", "comparisons"), [(t.slug, t.comparisons) for t in sheet.by_task]
    )
    if sheet.facts:
        yield from _of_facts(sheet, sheet.facts)
    yield from _section("How it came about")
    left_out = [(reason, count) for reason, count in sorted(sheet.exclusions.items(), key=lambda one: -one[1])]
    if left_out:
        yield from _rows(("left out at freezing because", "comparisons"), left_out)
    else:
        yield "Nothing that could have been in it was left out when it was frozen."
    yield ""
    yield f"Erased since, at their crowdworker's wish: {sheet.erased:,}."
    yield from _section("What it was used for")
    for one in sheet.trained:
        made = ", ".join(f"{snapshot.name} ({snapshot.kind})" for snapshot in one.snapshots) or "nothing yet"
        yield f"- Iteration {one.iteration.name} ({one.iteration.status}) trained on it: {made}."
    if not sheet.trained:
        yield "No iteration has trained on it."
    yield from _section("What to know before you train on it")
    yield from (f"- {limit}" for limit in sheet.limits)
    yield from _section("How to get it again")
    yield from (f"    {command}" for command in sheet.commands.values())
    yield ""
    yield "The content hash is over its members' own hashes: the same comparisons have the same one in any database."


def _of_facts(sheet: Datasheet, facts: Facts) -> Iterator[str]:
    asked = [
        (f"{text.task}, version {text.version}", text.comparisons, text.question)
        for text in facts.texts
        if text.version
    ]
    yield from _table("", ("text", "comparisons", "question"), asked)
    yield from _table("", ("strength (4 is strongest)", "comparisons"), sorted(sheet.by_strength.items()))
    yield from _table("", ("side of the split", "comparisons"), facts.by_split.items())
    yield from _table("", ("turn of the conversation", "comparisons"), facts.by_turn.items())
    yield from _section("Who gave it")
    people = facts.crowdworkers
    if people.count:
        yield (
            f"{people.count:,} crowdworkers. The largest gave "
            + ", ".join(share(n, sheet.comparisons) for n in people.largest)
            + " of it."
        )
    if people.of_nobody:
        yield f"{people.of_nobody:,} comparisons came from files:"
        yield ""
        yield from _rows(
            ("file", "comparisons", "sha256"), [(f"`{one.file}`", one.comparisons, one.sha256) for one in facts.imports]
        )
    yield ""
    yield f"Seconds to choose: {_spread(facts.seconds_to_choose)}."
    yield from _section("Who was compared")
    met = [
        (
            " · ".join(pair.policies),
            pair.comparisons,
            "–".join(f"{p:.3g}" for p in dict.fromkeys(pair.propensity or [])),
        )
        for pair in facts.pairs
    ]
    if met:
        yield from _rows(("policies", "comparisons", "propensity of the pair"), met)
    if facts.pairs_more:
        yield f"and {facts.comparisons_more:,} comparisons of {facts.pairs_more:,} more pairs."
    if facts.of_no_two_policies:
        yield ""
        yield f"{facts.of_no_two_policies:,} comparisons are not between what two policies wrote (imported, edited)."
    yield from _section("Its words")
    yield from _rows(
        ("characters", "5 %", "median", "95 %", "longest"),
        [
            (what, f"{of.p5:.0f}", f"{of.p50:.0f}", f"{of.p95:.0f}", f"{of.most:.0f}")
            for what, of in facts.lengths.items()
            if of
        ],
    )
    yield ""
    scripts = ", ".join(f"{script} {share(n, sheet.conversations)}" for script, n in facts.scripts.items())
    yield f"Script of the first message: {scripts}."


def share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else "not enough data"


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "not enough data"
    return f"median {spread.p50:g}, 90 % between {spread.p5:g} and {spread.p95:g} ({spread.count:,} choices)"


def _section(title: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    rows = list(rows)
    if rows:
        yield from _section(title) if title else ("",)
        yield from _rows(head, rows)


def _rows(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        cells = (f"{cell:,}" if isinstance(cell, int) else str(cell).replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
