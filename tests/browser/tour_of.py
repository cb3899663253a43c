"""Photographs the dashboard of an installation that runs, with the rows it has:

    python -m tests.browser.tour_of http://127.0.0.1:8000 --username U --password P --to DIR [--people]

Signs in as a researcher, walks through a week and what came of it, and takes a picture of each page at a desk. A page
that is not as it should be (an error in the console, a part that could not be loaded or is still loading, a number that
is none, something to scroll sideways for) is named at the end, and the exit code is 1. It is 3 if nobody could sign in.

Nobody's words get into a picture: conversations, comparisons, messages and reviews are not visited, nor are people,
invitations and where notifications go (`--people` visits them too: `tour_of_people.py`), and what a stage says of
single prompts is not opened. Policies are shown on the fixed prompts of `worker/shown.jsonl` alone, which were written
to be shown; of an installation that asks them anything else those two pages are left out, and named too.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, TimeoutError, sync_playwright

from tests.browser import tour_of_people
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.photographer import PATIENCE, Photographer

DESK = {"width": 1280, "height": 800}
PROMPTS = Path(__file__).parents[2] / "worker" / "shown.jsonl"
SHOWN = frozenset(json.loads(line)["prompt"] for line in PROMPTS.read_text(encoding="utf-8").splitlines())


class Refused(Exception):
    """A sentence for whoever called: there is nothing to photograph."""


def sign_in(context: BrowserContext, url: str, username: str, password: str) -> None:
    answer = context.request.post(
        "/api/v1/session", data={"username": username, "password": password}, headers={"Origin": url}
    )
    if not answer.ok:
        raise Refused(f"{url} does not let “{username}” in: {answer.status} {answer.text()}")
    if answer.json()["account"]["role"] == "crowdworker":
        raise Refused(f"“{username}” is a crowdworker, who has no dashboard.")


def walk(photographer: Photographer, ask: Callable[[str], Any], week: str | None) -> None:
    """The dashboard's pages, in the order of a week. `ask` reads an address of the API; None: it failed."""
    visit = photographer.visit
    visit("/admin", "01-overview")
    visit("/admin/iterations", "02-iterations")
    begun = [
        one for one in ask("iterations?limit=100") or [] if one["status"] != "skipped" and week in (None, one["name"])
    ]
    if week and not begun:
        raise Refused(f"There is no iteration “{week}” that has begun.")
    if begun:
        iteration(photographer, begun[0])
        visit(f"/admin/lineage?iteration={begun[0]['id']}", "05-lineage")
    visit("/admin/snapshots", "06-snapshots")
    samples = ask("samples") or {"a": "initial", "prompts": []}
    policies = [one["name"] for one in ask("snapshots?kind=policy") or [] if one["name"] != "initial"]
    newest_policy = samples["a"] if samples["a"] != "initial" else next(iter(policies), "initial")
    visit(f"/admin/snapshots/{newest_policy}", "07-policy")
    if photographer.may_show("08-policy-beside-the-initial-one", prompts_of(samples["prompts"]), SHOWN):
        visit(f"/admin/snapshots/compare?a={newest_policy}&b=initial", "08-policy-beside-the-initial-one")
    visit("/admin/preference-models", "09-preference-models")
    visit("/admin/policies", "10-policies")
    visit("/admin/leaderboard", "11-leaderboard")
    visit("/admin/tranches", "12-tranches")
    for tranche in (ask("tranches") or [])[:1]:
        visit(f"/admin/tranches/{tranche['name']}", "13-datasheet")
    visit("/admin/crowdworkers", "14-crowdworkers")
    improvement = ask("improvement") or {"sheet": {"rows": []}}
    if photographer.may_show("15-improvement", prompts_of(improvement["sheet"]["rows"]), SHOWN):
        visit("/admin/improvement", "15-improvement")
    visit("/admin/audit", "16-audit-log")
    rest = ("schedule", "deployments", "playground", "exports", "studies", "pay", "texts", "consent")
    for number, name in enumerate(rest, start=17):
        visit(f"/admin/{name}", f"{number}-{name}")


def iteration(photographer: Photographer, shown: dict[str, Any]) -> None:
    """Its page, then each stage that has begun, opened: what went in and came out, its curves; and the gate's lines."""
    page, path = photographer.page, f"/admin/iterations/{shown['id']}"
    photographer.visit(path, "03-iteration")
    begun = [stage["stage"] for stage in shown["stages"] if stage["attempt"]]
    for number, stage in enumerate(begun, start=1):
        name = f"04-stage-{number}-{stage.replace('_', '-')}"
        page.goto(path)
        row = page.locator("main ol > li").nth([one["stage"] for one in shown["stages"]].index(stage))
        toggle = row.locator("button[aria-expanded]")
        if toggle.get_attribute("aria-expanded", timeout=PATIENCE) == "false":
            toggle.click()
        with contextlib.suppress(TimeoutError):  # a stage without inputs and outputs has words for that, in a group
            row.get_by_role("group").first.wait_for(timeout=PATIENCE)
        photographer.shoot(name, row)
        for curves in row.locator("section").all()[:1]:
            photographer.shoot(f"{name}-curves", curves)
    gate = page.get_by_role("heading", name="Gate", exact=True)
    if gate.count():
        photographer.shoot("04-gate", gate.locator(".."))


def prompts_of(rows: Iterable[dict[str, Any]]) -> list[str]:
    """What was asked. Prompts that are covered have no words."""
    return [said["content"] for row in rows for said in row["prompt"] if said["role"] != "system"]


def photograph(
    browser: Browser,
    url: str,
    username: str,
    password: str,
    album: Path,
    week: str | None = None,
    *,
    people: bool = False,
) -> Photographer:
    with browser.new_context(
        base_url=url, viewport=DESK, color_scheme="light", reduced_motion="reduce", locale="en-GB"
    ) as context:
        context.set_default_timeout(PATIENCE)
        sign_in(context, url, username, password)

        photographer = Photographer(context, album)

        def ask(address: str) -> Any:
            answer = context.request.get(f"/api/v1/{address}")
            if answer.ok:
                return answer.json()
            photographer.wrong.append(f"{url}/api/v1/{address} answers {answer.status}: {answer.text()}")
            return None

        walk(photographer, ask, week)
        if people:
            tour_of_people.walk(photographer, ask)
        return photographer


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.tour_of", description=(__doc__ or "").split(":")[0])
    parser.add_argument("url", help="of the installation, e.g. http://127.0.0.1:8000")
    parser.add_argument("--username", required=True, help="a researcher's or an admin's")
    parser.add_argument("--password", required=True)
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="where the pictures go")
    parser.add_argument("--iteration", metavar="NAME", help="e.g. 2026-w48 (default: the newest)")
    parser.add_argument(
        "--people", action="store_true", help="also the pages with people's names, and with words of ours"
    )
    options = parser.parse_args()
    if CHROMIUM is None:
        print("Chromium is not installed (Debian: apt install chromium).", file=sys.stderr)
        return 3
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            who = options.url.rstrip("/"), options.username, options.password
            done = photograph(browser, *who, options.to, options.iteration, people=options.people)
        except Refused as refusal:
            print(refusal, file=sys.stderr)
            return 3
        finally:
            browser.close()
    print(f"{len(done.taken)} pictures in {options.to}")
    print("\n".join(done.wrong), file=sys.stderr)
    return 1 if done.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
