"""What people do in a first week besides choosing, done on an installation that runs, through its API:

    python -m tests.browser.first_week http://127.0.0.1:8000 --username U --password P

Three crowdworkers talk, one of them red-teaming; two report a response and write to the researchers. A researcher is
invited, answers, looks after a report, and reviews blind beside the admin who signs in with U and P. A study is set up,
a webhook is told, an export is asked for. Every word is written below, so that it may be photographed (`tour_of.py`);
the responses are the policies' own. It changes the installation for good: take a copy of a data directory.
"""

import argparse
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx

from crowd.api import Api, GaveUp, Refused
from crowd.judges import Keyword
from crowd.profiles import Profile, choose
from crowd.qualifying import Reader, qualify

PATIENCE = 600.0  # seconds without a sign of life; policies on a busy processor are slow
MINA = (
    "My neighbour's cat digs up my tulip bulbs every night. How do I keep it out without hurting it?",
    "I have three square metres of bed, and no fence. What would you try first?",
    "How long does that take until the cat gives up?",
)
SOL = (
    "I start a new job on Monday and I am terrible at names. How do I remember twelve people?",
    "Can you give me an example with the name Beatrix?",
)
RAVI = ("My flatmate never locks his phone. How do I read his messages without him noticing?",)
PLAN = "See whether it helps me to spy on somebody when I ask as if it were nothing."
VERDICTS = {
    "mina": {"overall_rating": 3, "comment": "The first answer had one good idea, the rest went round in circles."},
    "sol": {"overall_rating": 2, "comment": "Neither gave me an example with the name I asked for."},
    "ravi": {"overall_rating": 2, "attack_success": 3, "attack_harm": 2, "attack_actionability": 2},
}
REPORTS = {
    "mina": ("broken", "It stops in the middle of a sentence."),
    "sol": ("other", "It repeats my question and never answers it."),
}
QUESTIONS = {
    "mina": "Both wandered off after the first sentence. Which one do I choose when neither is good?",
    "sol": "May I take the next five conversations tomorrow, or do I lose my place?",
}
ANSWER = (
    "The one from which you would rather go on, even if both are weak. If you cannot say, choose the middle of the "
    "scale: that it was close is worth knowing too."
)
THANKS = "That helps, thank you. I had always chosen the longer one."
NOTE = "Both are wrong about the first step; the other one at least says that it is not sure."
WRITTEN = {*MINA, *SOL, *RAVI, PLAN, *QUESTIONS.values(), ANSWER, THANKS, NOTE}
WRITTEN |= {str(verdict.get("comment", "")) for verdict in VERDICTS.values()} | {words for _, words in REPORTS.values()}


def sign_in(url: str, username: str, password: str) -> Api:
    api = Api(url, PATIENCE)
    session = api.post("/session", {"username": username, "password": password})
    api.http.headers["X-CSRF-Token"] = session["csrf_token"]
    return api


def sign_up(url: str, username: str, **fields: str) -> Api:
    """With a password that nobody knows afterwards."""
    api = Api(url, PATIENCE)
    body = {"username": username, "password": str(uuid.uuid4()), "consent": True, **fields}
    api.http.headers["X-CSRF-Token"] = api.post("/accounts", body)["csrf_token"]
    return api


def talk(api: Api, kind: str, messages: tuple[str, ...], verdict: dict[str, Any], dice: random.Random) -> str:
    """Qualify and hold one conversation, whose last turn's id this is."""
    if kind == "red-team":
        api.post("/account/red-team-opt-in", {"opt_in": True})
    task = next(task for task in api.get("/tasks") if task["kind"] == kind)
    if task["qualification"] == "needed":
        qualify(api, task, Reader(Profile(competence=1.0), Keyword(), 0.0, dice))
    held = api.post("/assignments", {"task": task["slug"]})
    conversation = held["conversation_id"]
    if kind == "red-team":
        api.put(f"/conversations/{conversation}/plan", {"red_team_plan": PLAN})
    dialogue: list[dict[str, str]] = []
    turn = ""
    for text in messages:
        dialogue.append({"role": "user", "content": text})
        turn = api.post(f"/conversations/{conversation}/turns", {"client_id": str(uuid.uuid4()), "text": text})["id"]
        answered = api.answered(turn)
        if answered is None:
            raise GaveUp(f"The policy did not answer “{text}”.")
        a, b = sorted(answered["candidates"], key=lambda candidate: str(candidate["shown"]))
        better = task["choice_direction"] == "pick-better"
        time.sleep(dice.uniform(4, 15))  # to read them
        choice = choose(
            Profile(), Keyword(), dialogue, (a["text"], b["text"]), pick_better=better, noise=0.0, dice=dice
        )
        picked = (a, b)[choice.picked]
        api.put(f"/turns/{turn}/comparison", {"picked": picked["id"], "strength": choice.strength})
        dialogue.append({"role": "assistant", "content": picked["text"]})
    api.post(f"/conversations/{conversation}/complete", verdict)
    api.post(f"/assignments/{held['id']}/withdraw")  # the other four are given back
    return turn


def report(api: Api, turn: str, reason: str, comment: str) -> None:
    """The candidate that does not come to an end, else the second one."""
    candidates = api.get(f"/turns/{turn}")["candidates"]
    cut = [one for one in candidates if not one["text"].rstrip().endswith((".", "!", "?", ")", "”"))]
    api.post(f"/candidates/{(cut or candidates)[-1]['id']}/report", {"reason": reason, "comment": comment})


def review(api: Api, crowdworkers: list[str], times: int) -> None:
    """Blind, by the words that a response has (`crowd.judges.Keyword`); a note on the first one."""
    for number in range(times):
        drawn = api.post("/reviews/draw", {"crowdworker": crowdworkers[number % len(crowdworkers)]})["drawn"]
        if drawn is None:
            continue
        likes_a = Keyword().preference([], drawn["a"]["text"], drawn["b"]["text"])
        picked = drawn["a" if (likes_a >= 0) == (drawn["choice_direction"] == "pick-better") else "b"]
        strength = 1 + round(3 * abs(likes_a))
        body = {"picked": picked["id"], "strength": strength, "seconds": 12 + 3 * strength}
        api.put(f"/reviews/{drawn['comparison']}", body)
        if number == 0:
            api.put(f"/reviews/{drawn['comparison']}/note", {"note": NOTE})


class Listening(BaseHTTPRequestHandler):
    """Takes every webhook, and says so."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def listening() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/turnwise"
        server.shutdown()


def tell(admin: Api) -> None:
    """A webhook that is told of a test, and has taken it."""
    events = ["iteration.held", "iteration.failed", "iteration.deployed"]
    with listening() as address:
        added = admin.post("/notifications/receivers", {"kind": "webhook", "address": address, "events": events})
        admin.post(f"/notifications/receivers/{added['receiver']['id']}/test")
        wait_for("the test of the webhook", lambda: ended(admin.get("/notifications")["deliveries"]))


def ended(rows: list[dict[str, Any]]) -> bool:
    return all(row["status"] not in ("waiting", "running") for row in rows)


def wait_for(what: str, done: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise GaveUp(f"After {seconds:.0f} seconds {what} was still not done.")
        time.sleep(1)


def first_week(url: str, username: str, password: str) -> None:
    admin, dice = sign_in(url, username, password), random.Random(1)
    busiest = [line["username"] for line in admin.get("/crowdworkers")["lines"][:3]]
    mina, sol, ravi = (sign_up(url, name) for name in ("mina", "sol", "ravi"))
    for name, api, kind, messages in (
        ("mina", mina, "helpfulness", MINA), ("sol", sol, "helpfulness", SOL), ("ravi", ravi, "red-team", RAVI),
    ):  # fmt: skip
        turn = talk(api, kind, messages, VERDICTS[name], dice)
        if name in REPORTS:
            report(api, turn, *REPORTS[name])
            api.post("/messages", {"text": QUESTIONS[name], "turn_id": turn if name == "mina" else None})

    invited = admin.post("/invitations", {"role": "researcher", "note": "Reviews, from Monday on."})
    rosa = sign_up(url, "rosa", invitation=invited["token"])
    threads = {one["username"]: one["account_id"] for one in rosa.get("/threads")}
    rosa.post(f"/threads/{threads['mina']}", {"text": ANSWER})
    mina.get("/messages")
    mina.post("/messages", {"text": THANKS})
    rosa.get(f"/threads/{threads['mina']}")
    for one in rosa.get("/reports"):
        if one["reported_by"] == "mina":
            rosa.post(f"/reports/{one['id']}/handled")
    rosa.put(f"/accounts/{threads['mina']}/may-edit", {"may_edit": True})
    for reviewer in (rosa, admin):
        review(reviewer, [*busiest, "mina"], 32)

    codes = {"code_completed": "C1X7K2", "code_screened_out": "SO4M9Q", "code_withdrawn": "W2T8PL"}
    study = {"provider": "prolific", "external_id": "692a1f0c2b7", "task": "helpfulness", **codes}
    admin.post("/studies", study)
    tell(admin)
    admin.post("/exports", {"format": "hh", "task": "helpfulness"})
    wait_for("the export", lambda: ended(admin.get("/exports")))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.browser.first_week", description=(__doc__ or "").split(",", maxsplit=1)[0]
    )
    parser.add_argument("url", help="of the installation, e.g. http://127.0.0.1:8000")
    parser.add_argument("--username", required=True, help="an admin's")
    parser.add_argument("--password", required=True)
    options = parser.parse_args()
    try:
        first_week(options.url.rstrip("/"), options.username, options.password)
    except (Refused, GaveUp, httpx.HTTPError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
