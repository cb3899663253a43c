"""The second half of `tour_of.py`: the pages with people on them, and with what they wrote.

Names are shown as they are, so this is for installations whose people agree, or are simulated. Of texts, a picture has
only what a policy said and what was written to be shown: by simulated crowdworkers (`crowd/`) and by those of
`first_week.py`. A page with anything else is left out, and named. A thread that is photographed counts as read, as it
does for whoever else opens it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from crowd import crowdworker, openers
from tests.browser import first_week
from tests.browser.photographer import Photographer

TASKS = ("helpfulness", "red-team")
SAID = frozenset(
    [
        *first_week.WRITTEN,
        *crowdworker.COMMENTS,
        *crowdworker.PLANS,
        *(text for task in TASKS for text in openers.GENERIC[task]),
        *(text for task in TASKS for one in openers.bundled(task) for text in (one.prompt, *one.follow_ups)),
    ]
)
Ask = Callable[[str], Any]


def walk(photographer: Photographer, ask: Ask) -> None:
    conversations(photographer, ask)
    lines = (ask("crowdworkers") or {"lines": []})["lines"]
    some = [line for line in lines if line["comparisons"] and not line["may_edit"]]
    chosen = max(some, key=lambda line: (line["reviews"], line["comparisons"]), default=None)
    reviews(photographer, chosen)
    if chosen:
        photographer.visit(f"/admin/crowdworkers/{chosen['id']}", "31-crowdworker")
    photographer.visit("/admin/people", "32-people")
    inbox(photographer, ask)
    photographer.visit("/admin/invitations", "36-invitations")
    photographer.visit("/admin/notifications", "37-notifications")


def conversations(photographer: Photographer, ask: Ask) -> None:
    """All that were held here, some of them found by words, and the newest of each task."""
    held = next((kind for kind in ("online", "base") if listed(ask, kind=kind)), None)
    if held is None:
        if ask("explorer/conversations")["found"] == []:
            photographer.visit("/admin/conversations", "25-conversations")
        return
    found = listed(ask, kind=held)
    if photographer.may_show("25-conversations", passages(found), SAID):
        photographer.visit(f"/admin/conversations?kind={held}", "25-conversations")
    for number, task in enumerate(TASKS, start=27):
        row = next((row for row in listed(ask, kind=held) if row["task"]["kind"] == task), None)
        if row is None:
            continue
        read = ask(f"explorer/conversations/{row['id']}")
        if photographer.may_show(f"{number}-conversation-{task}", words_of(read), SAID):
            photographer.visit(f"/admin/conversations/{row['id']}", f"{number}-conversation-{task}")
        if task == "helpfulness":
            words = sorted(read["turns"][0]["text"].split(), key=len)[-2:]
            wanted = {"q": " ".join("".join(filter(str.isalpha, word)) for word in words), "kind": held}
            if photographer.may_show("26-conversations-found", passages(listed(ask, **wanted)), SAID):
                photographer.visit(f"/admin/conversations?{urlencode(wanted)}", "26-conversations-found")


def listed(ask: Ask, **wanted: str) -> list[dict[str, Any]]:
    """The first page of them, newest first."""
    rows: list[dict[str, Any]] = (ask(f"explorer/conversations?{urlencode(wanted)}") or {"found": []})["found"]
    return rows


def passages(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """What people said of what a list shows: the whole text that a passage is a piece of, or else the piece."""
    for row in rows:
        passage = row["passage"]
        if passage and (passage["of"] in ("human", "edited") or row["imported_from"]):
            piece = "".join(part["text"] for part in passage["parts"]).strip("… \n")
            yield next((text for text in SAID if piece in " ".join(text.split())), piece)


def words_of(conversation: dict[str, Any]) -> Iterator[str]:
    """What people wrote in it."""
    texts = [conversation["comment"], conversation["red_team_plan"]]
    for turn in conversation["turns"]:
        texts.append(turn["text"])
        for candidate in turn["candidates"]:
            texts += [candidate["text"]] if candidate["shown"] == "edited" or conversation["imported_from"] else []
            texts += [report["comment"] for report in candidate["reports"]]
    yield from filter(None, texts)


def reviews(photographer: Photographer, crowdworker: dict[str, Any] | None) -> None:
    """The queue, and the next comparison of one who may not edit responses: all it shows is a policy's, or checked."""
    page = photographer.page
    if crowdworker is None:
        photographer.visit("/admin/reviews", "29-reviews")
        return
    photographer.visit(f"/admin/reviews?{urlencode({'crowdworker': crowdworker['username']})}", "29-reviews")
    with page.expect_response("**/reviews/draw") as answered:
        page.get_by_role("button", name="Review one").click()
    drawn = answered.value.json()["drawn"]
    if drawn and photographer.may_show(
        "30-review", [drawn["human"], *(said["human"] for said in drawn["before"])], SAID
    ):
        photographer.shoot("30-review")


def inbox(photographer: Photographer, ask: Ask) -> None:
    """Messages, the thread with the newest one, reports."""
    threads = ask("threads") or []
    if photographer.may_show("33-messages", (thread["last_text"] for thread in threads), SAID):
        photographer.visit("/admin/inbox/messages", "33-messages")
    for thread in threads[:1]:
        messages = ask(f"threads/{thread['account_id']}")["messages"]
        about = [message["about"] for message in messages if message["about"]]
        words = [message["text"] for message in messages] + [turn["human"] for turn in about]
        words += [one["text"] for turn in about for one in turn["candidates"] if one["shown"] == "edited"]
        if photographer.may_show("34-thread", words, SAID):
            photographer.visit(f"/admin/inbox/messages/{thread['account_id']}", "34-thread")
    reports = ask("reports") or []
    words = [words for one in reports for words in (one["human"], one["comment"] or "")]
    if photographer.may_show("35-reports", words + [one["text"] for one in reports if one["shown"] == "edited"], SAID):
        photographer.visit("/admin/inbox/reports", "35-reports")
