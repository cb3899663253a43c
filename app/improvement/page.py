"""A sheet as one HTML file: no script, no other file, readable by day and by night, in a window and on paper."""

from html import escape

from app.dashboard.figure import Figure
from app.improvement.drawing import legend, svg
from app.improvement.schemas import Sheet, SheetAnswer, SheetColumn, SheetElo, SheetRow

TITLE = "From week 0 until now"
STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --surface: #fff; --line: #dfe3e8; --text: #1b2026; --faint: #5b6570;
  --accent: #087f5b; --first: #0072b2; --second: #d55e00; --third: #009e73; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --surface: #1d2125; --line: #343a41; --text: #e4e8ec;
  --faint: #9aa5b1; --accent: #38d9a9; --first: #56b4e9; --second: #e69f00; --third: #2fc79a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.55 system-ui, sans-serif; }
main { max-width: 92rem; margin: 0 auto; padding: 2rem clamp(1rem, 3vw, 2.5rem) 3rem; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 2.2rem 0 .8rem; font-size: 1.15rem; }
p { margin: .4rem 0; }
.faint, figcaption { color: var(--faint); font-size: .87rem; }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); }
figure h3 { margin: 0 0 .5rem; font-size: .98rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--faint); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--line); fill: none; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .85rem; }
.legend i { display: inline-block; width: .7rem; height: .7rem; margin-inline-end: .4rem; border-radius: 2px; }
.sheet { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { padding: .8rem .9rem; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top;
  overflow-wrap: anywhere; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: var(--page); font-weight: 600; }
thead .faint { font-weight: 400; }
thead th + th, td { border-inline-start: 1px solid var(--line); }
tbody th { font-weight: 600; }
td > div, tbody th > div { white-space: pre-wrap; }
.said { margin-bottom: .5rem; font-weight: 400; color: var(--faint); }
.gain { color: var(--accent); font-weight: 600; }
a { color: var(--accent); }
@media (max-width: 44rem) { table, tbody, tr, th, td { display: block; } thead { display: none; }
  td { border-inline-start: 0; } tbody th { background: var(--page); } td::before { content: attr(data-week);
  display: block; color: var(--faint); font-size: .82rem; } }
@media (min-width: 44rem) { table { min-width: 52rem; } }
"""


def html(title: str, sheet: Sheet) -> str:
    return _page(
        title,
        f"<h1>{escape(title)}</h1>"
        f'<p class="faint">{escape(_lead(sheet))}</p>'
        f"<h2>The same prompts, week by week</h2>{_table(sheet)}"
        f"<h2>Curves</h2>{_curves(sheet.curves)}"
        f'<p class="faint">Made with Turnwise, {sheet.made_at:%-d %B %Y}.</p>',
    )


def nothing() -> str:
    return _page(
        "Nothing here",
        "<h1>Nothing here</h1><p>This link is not known, or whoever shared the page has taken it back.</p>",
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow">'
        f"<title>{escape(title)} · Turnwise</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _lead(sheet: Sheet) -> str:
    of = max((answer.of for row in sheet.rows for answer in row.answers if answer), default=0)
    return (
        "What each week's policy says to the same prompts, beside the initial policy (week 0), which nobody has "
        f"trained. Nothing is chosen by hand: of {of} sampled responses the median by the preference model of that "
        "week stands here, the rule of Bai et al. 2022. In green: its score above that of week 0, by the same "
        "preference model."
    )


def _table(sheet: Sheet) -> str:
    if sheet.missing:
        return f"<p>{escape(sheet.missing)}</p>"
    head = "".join(f"<th scope='col'>{_head(column)}</th>" for column in sheet.columns)
    rows = "".join(_row(row, sheet.columns) for row in sheet.rows)
    return (
        '<div class="sheet" tabindex="0" role="region" aria-label="Prompts and responses"><table>'
        f"<thead><tr><th scope='col'>Prompt</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _head(column: SheetColumn) -> str:
    name = column.name if column.number else "initial policy"
    held = f", {column.status}" if column.status and column.status != "deployed" else ""
    return (
        f"Week {column.number}<br><span class='faint'>{escape(name)}{escape(held)}<br>"
        f"Elo {escape(elo(column.elo))}</span>"
    )


def elo(found: SheetElo | None) -> str:
    if found is None:
        return "not enough data"
    if found.low is None or found.high is None:
        return f"{found.elo:.0f}".replace("-", "−")
    return f"{found.elo:.0f} ({found.low:.0f} to {found.high:.0f})".replace("-", "−")


def _row(row: SheetRow, columns: list[SheetColumn]) -> str:
    *before, last = row.prompt
    earlier = "".join(
        f"<div class='said' dir='auto'>{'Human' if one.role == 'user' else 'Assistant'}: {escape(one.content)}</div>"
        for one in before
    )
    cells = "".join(_cell(answer, column) for answer, column in zip(row.answers, columns, strict=True))
    return f"<tr><th scope='row'>{earlier}<div dir='auto'>{escape(last.content)}</div></th>{cells}</tr>"


def _cell(answer: SheetAnswer | None, column: SheetColumn) -> str:
    where = f"data-week='Week {column.number}: {escape(column.name, quote=True)}'"
    if answer is None:
        return f"<td {where}><span class='faint'>Not asked this.</span></td>"
    text = escape(answer.text) if answer.text.strip() else "<span class='faint'>(nothing)</span>"
    gain = "" if answer.gain is None else f"<p class='gain'>{_signed(answer.gain)} PM score</p>"
    return f"<td {where}><div dir='auto'>{text}</div>{gain}</td>"


def _signed(gain: float) -> str:
    return f"{gain:+.2f}".replace("-", "−")


def _curves(curves: list[Figure]) -> str:
    return f'<div class="curves">{"".join(map(_curve, curves))}</div>'


def _curve(figure: Figure) -> str:
    drawn = f"<p>{escape(figure.missing)}</p>" if figure.missing else legend(figure) + svg(figure)
    interval = f" Intervals: {figure.interval}." if figure.interval else ""
    return (
        f"<figure><h3>{escape(figure.title)}</h3>{drawn}"
        f"<figcaption>{escape(figure.how_to_read + interval)}</figcaption></figure>"
    )
