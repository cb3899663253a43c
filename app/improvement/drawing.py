"""A figure as SVG text, for a page that has to work without a script. In the browser, one component draws all figures;
this one draws what the improvement page has: a few lines over weeks."""

from html import escape

from app.dashboard.figure import Figure, Point

WIDTH, HEIGHT = 520, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 14, 46
COLOURS = ("var(--first)", "var(--second)", "var(--third)")
TICKS = 4
LABELS = 6  # names below the axis, at most


def svg(figure: Figure) -> str:
    """Lines with their intervals over names in order."""
    names = list(dict.fromkeys(str(point.x) for series in figure.series for point in series.points))
    ends = [end for series in figure.series for point in series.points for end in _ends(point)]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    low, high = low - room, high + room

    def x(name: object) -> float:
        return LEFT + (names.index(str(name)) + 0.5) * (WIDTH - LEFT - RIGHT) / len(names)

    def y(value: float) -> float:
        return TOP + (high - value) * (HEIGHT - TOP - BOTTOM) / (high - low)

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(_told(figure))}">']
    for step in range(TICKS + 1):
        value = low + room + (high - low - 2 * room) * step / TICKS
        parts.append(f'<path class="grid" d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 7}" y="{y(value) + 4:.1f}" text-anchor="end">{number(value)}</text>')
    every = -(-len(names) // LABELS)
    for place, name in enumerate(names):
        if place % every == 0 or (place == len(names) - 1 and every == 1):
            parts.append(
                f'<text x="{x(name):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escape(name)}</text>'
            )
    parts.append(
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(figure.x.label)}</text>'
    )
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">{escape(figure.y.label)}'
        f"{f' ({escape(figure.y.unit)})' if figure.y.unit and figure.y.unit not in figure.y.label else ''}</text>"
    )
    for place, series in enumerate(figure.series):
        colour = COLOURS[place % len(COLOURS)]
        line = " ".join(f"{x(point.x):.1f},{y(point.y):.1f}" for point in series.points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in series.points:
            at = x(point.x)
            if point.low is not None and point.high is not None:
                bar = f"M{at:.1f} {y(point.low):.1f}V{y(point.high):.1f}"
                parts.append(f'<path d="{bar}" stroke="{colour}" stroke-width="1.5"/>')
            parts.append(f'<circle cx="{at:.1f}" cy="{y(point.y):.1f}" r="3.5" fill="{colour}"/>')
    return "".join([*parts, "</svg>"])


def legend(figure: Figure) -> str:
    """Which colour is what; nothing where there is one line."""
    if len(figure.series) < 2:
        return ""
    entries = (
        f'<span><i style="background:{COLOURS[place % len(COLOURS)]}"></i>{escape(series.name)}</span>'
        for place, series in enumerate(figure.series)
    )
    return f'<p class="legend">{"".join(entries)}</p>'


def number(value: float) -> str:
    text = f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return text.replace("-", "−")


def _ends(point: Point) -> tuple[float, float]:
    return (point.y if point.low is None else point.low), (point.y if point.high is None else point.high)


def _told(figure: Figure) -> str:
    """The same in words, for whoever does not see it."""
    lines = (
        f"{series.name}: " + ", ".join(f"{point.x} {number(point.y)}" for point in series.points)
        for series in figure.series
    )
    return f"{figure.title}. {'; '.join(lines)}."
