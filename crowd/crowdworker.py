"""A simulated crowdworker: agrees, qualifies, takes assignments, talks, compares, changes their mind, says how it was.

It looks at every conversation again before ending it, and reports what is not there or is there twice: the crowd is
also the test that a server that was killed meanwhile lost and doubled nothing.
"""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from crowd.api import Api, GaveUp, Refused
from crowd.judges import Judge, Message
from crowd.openers import Opener
from crowd.profiles import Profile, choose
from crowd.qualifying import Reader, qualify

TRIES = 3  # of a turn whose policy failed
COMMENTS = (
    "Fine.",
    "The answers got better towards the end.",
    "Both were a bit long.",
    "Nice conversation, thank you.",
    "It did not remember what I said before.",
    "Hard to choose, they were much alike.",
)
PLANS = (
    "See whether it drops its guard when I play the friend.",
    "Ask for something it should not help with.",
    "Get it to agree with something unkind.",
    "Find out whether it invents private details.",
)


@dataclass
class Done:
    """What was acknowledged, and what went wrong."""

    conversations: int = 0
    turns: int = 0
    choices: int = 0
    changed: int = 0
    repeated: int = 0
    codes: int = 0  # assignments completed
    failures: list[str] = field(default_factory=list)  # the server or a policy refused or failed
    lost: list[str] = field(default_factory=list)  # acknowledged, and not there (or there twice)


@dataclass
class Work:
    """What all crowdworkers of a run share."""

    task: str  # helpfulness | red-team
    turns: int
    judge: Judge
    noise: float
    think: float
    next_opener: Callable[[], Opener | None]  # None: enough conversations


class Crowdworker:
    def __init__(self, api: Api, username: str, profile: Profile, work: Work, dice: random.Random) -> None:
        self.api, self.username, self.profile, self.work, self.dice = api, username, profile, work, dice
        self.done = Done()

    def run(self) -> None:
        """Work until there are no openers left. A conversation that fails is given up, and the next one begun."""
        try:
            self.api.get("/consent")
            self.api.sign_up(self.username, f"simulated-{uuid.uuid4()}")
            if self.work.task == "red-team":
                self.api.post("/account/red-team-opt-in", {"opt_in": True})
            if not self._qualified():
                self.done.failures.append(f"{self.username}: did not qualify")
                return
            while (opener := self.work.next_opener()) is not None:
                self._one_conversation(opener)
            self._leave()
        except (Refused, GaveUp, httpx.HTTPError) as error:  # the last: a judge that does not answer
            self.done.failures.append(f"{self.username}: {error}")
        finally:
            self.done.repeated = self.api.repeated
            self.api.close()

    def _qualified(self) -> bool:
        task, reader = self._task(), Reader(self.profile, self.work.judge, self.work.noise, self.dice)
        return task["qualification"] != "needed" or qualify(self.api, task, reader)

    def _one_conversation(self, opener: Opener) -> None:
        try:
            assignment = self.api.post("/assignments", {"task": self._task()["slug"]})
            if self._talk(assignment["conversation_id"], assignment["task"], opener):
                self.done.conversations += 1
            else:
                self.api.post(f"/assignments/{assignment['id']}/withdraw")
        except Refused as error:
            self.done.failures.append(f"{self.username}: {error}")
            self._leave()

    def _task(self) -> dict[str, Any]:
        tasks = [task for task in self.api.get("/tasks") if task["kind"] == self.work.task]
        if not tasks:
            raise GaveUp(f"There is no {self.work.task} task.")
        found: dict[str, Any] = tasks[0]
        return found

    def _leave(self) -> None:
        """What is left of an assignment is given back."""
        for assignment in self.api.get("/assignments"):
            if assignment["status"] == "open":
                self.api.post(f"/assignments/{assignment['id']}/withdraw")

    def _talk(self, conversation_id: str, task: dict[str, Any], opener: Opener) -> bool:
        """True when the conversation was ended as it should be."""
        if self.work.task == "red-team":
            self.api.put(f"/conversations/{conversation_id}/plan", {"red_team_plan": self.dice.choice(PLANS)})
        dialogue: list[Message] = []
        said: dict[str, str] = {}  # client id -> text
        chosen: dict[str, tuple[str, int]] = {}  # client id -> picked candidate, strength
        messages = opener.messages(self.work.task, self.dice)
        for _ in range(self._turns(task)):
            text, client_id = next(messages), str(uuid.uuid4())
            dialogue.append({"role": "user", "content": text})
            self._pause()
            said[client_id] = text
            turn = self._answered_turn(conversation_id, client_id, text)
            if turn is None:
                break
            self._pause()
            picked, strength = self._compare(turn, dialogue, task["choice_direction"] == "pick-better")
            chosen[client_id] = (picked["id"], strength)
            dialogue.append({"role": "assistant", "content": picked["text"]})
        self._audit(conversation_id, said, chosen)
        if not chosen:
            return False
        after = self.api.post(f"/conversations/{conversation_id}/complete", self._verdict())
        self.done.codes += after["completion_code"] is not None
        return True

    def _turns(self, task: dict[str, Any]) -> int:
        most: int = min(self.work.turns, task["max_turns"])
        return max(1, round(most * self.profile.patience))

    def _answered_turn(self, conversation_id: str, client_id: str, text: str) -> dict[str, Any] | None:
        turn = self.api.post(f"/conversations/{conversation_id}/turns", {"client_id": client_id, "text": text})
        self.done.turns += 1
        for _ in range(TRIES):
            finished = self.api.answered(turn["id"])
            if finished is not None:
                return finished
            self._try_again(turn["id"])
        self.done.failures.append(f"{self.username}: turn {turn['id']} got no answer in {TRIES} tries")
        return None

    def _try_again(self, turn_id: str) -> None:
        try:
            self.api.post(f"/turns/{turn_id}/retry")
        except Refused as refused:
            if refused.status != 409:  # 409: it does not count as failed any more, somebody took it up
                raise

    def _compare(self, turn: dict[str, Any], dialogue: list[Message], pick_better: bool) -> tuple[dict[str, Any], int]:
        a, b = sorted(turn["candidates"], key=lambda candidate: str(candidate["shown"]))
        choice = choose(
            self.profile, self.work.judge, dialogue, (a["text"], b["text"]),
            pick_better=pick_better, noise=self.work.noise, dice=self.dice,
        )  # fmt: skip
        if self.dice.random() < self.profile.second_thoughts:
            self._record(turn, (b, a)[choice.picked], 1)
            self.done.changed += 1
            self._pause()
        picked = (a, b)[choice.picked]
        self._record(turn, picked, choice.strength)
        self.done.choices += 1
        return picked, choice.strength

    def _record(self, turn: dict[str, Any], picked: dict[str, Any], strength: int) -> None:
        self.api.put(f"/turns/{turn['id']}/comparison", {"picked": picked["id"], "strength": strength})

    def _audit(self, conversation_id: str, said: dict[str, str], chosen: dict[str, tuple[str, int]]) -> None:
        """Everything that was acknowledged is there, once, in order, as it was said."""
        turns = self.api.get(f"/conversations/{conversation_id}")["turns"]
        if [(turn["client_id"], turn["text"]) for turn in turns] != list(said.items()):
            self.done.lost.append(f"conversation {conversation_id}: {len(said)} messages sent, {len(turns)} are there")
        there = {
            turn["client_id"]: (turn["comparison"]["picked"], turn["comparison"]["strength"])
            for turn in turns
            if turn["comparison"]
        }
        if there != chosen:
            self.done.lost.append(
                f"conversation {conversation_id}: the choices are not the {len(chosen)} that were made"
            )

    def _verdict(self) -> dict[str, Any]:
        if self.dice.random() >= self.profile.comments:
            return {}
        verdict = {"comment": self.dice.choice(COMMENTS), "overall_rating": self.dice.randint(2, 5)}
        if self.work.task == "red-team":
            verdict |= {f"attack_{what}": self.dice.randint(1, 5) for what in ("success", "harm", "actionability")}
        return verdict

    def _pause(self) -> None:
        if self.work.think:
            time.sleep(self.dice.expovariate(1 / (self.work.think * self.profile.pace)))
