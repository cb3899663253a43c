"""Conversations: the list, found by words, one in full, one covered."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from app import db
from app.tables import (
    Conversation,
    ConversationStatus,
    Report,
    ReportReason,
    Role,
    Snapshot,
    SnapshotKind,
    Task,
    TrancheKind,
)
from app.tasks.defaults import HELPFULNESS, RED_TEAM
from app.tranches.families import family_of
from tests.app.servers import Process
from tests.browser.tour.said import ATTACK, PLAN, SAID
from tests.browser.tour.visitor import MARKS, Visitor, new_account
from tests.factories import make_account, make_comparison, make_conversation, make_deployment, make_snapshot, make_turn

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_the_explorer(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    visitor.sign_in(new_account(Role.ADMIN, username="ana"))
    visitor.visit("/admin/conversations", "70-researcher-conversations-empty")
    first, attack = a_morning()
    visitor.visit("/admin/conversations", "71-researcher-conversations")
    visitor.visit(
        "/admin/conversations?q=basil+leaves&kind=online", "72-researcher-conversations-found", everywhere=True
    )
    visitor.visit(f"/admin/conversations/{first}", "73-researcher-conversation", everywhere=True)
    visitor.visit(f"/admin/conversations/{attack}", "74-researcher-conversation-covered")
    visitor.context.close()


def a_morning() -> tuple[str, str]:
    """What three people said and chose: the ids of a conversation of four turns, and of an attack."""
    with db.writing() as session:
        tasks = {task.slug: task for task in session.scalars(select(Task))}
        helpful, red_team = tasks[HELPFULNESS.slug], tasks[RED_TEAM.slug]
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        pm, policy = make_snapshot(session, "pm-2026-w47", SnapshotKind.PM), make_snapshot(session, "policy-2026-w47")
        people = [make_account(session, username=name) for name in ("mina", "sol", "noor")]
        deployed = [
            (make_deployment(session, helpful, snapshot, share, generation=2, active=False), snapshot)
            for snapshot, share in ((policy, 90), (initial, 10))
        ]
        made = {"kind": TrancheKind.ONLINE, "propensity": 0.18, "text_version": 1}

        def hold(task: Task, who: int, said: Any, minutes: int, **fields: Any) -> Conversation:
            at = db.now() - timedelta(minutes=minutes)
            ended = {
                "status": ConversationStatus.COMPLETED,
                "created_at": at,
                "completed_at": at + timedelta(minutes=9),
            }
            conversation = make_conversation(session, task, people[who], **ended, **fields)
            for number, (human, *texts) in enumerate(said):
                turn = make_turn(session, conversation, tuple(texts), text=human)
                if number == 0:
                    conversation.family = family_of(human)
                for candidate, (deployment, snapshot), score in zip(
                    turn.candidates, deployed, (0.92, -0.31), strict=True
                ):
                    candidate.snapshot_id, candidate.deployment_id = snapshot.id, deployment.id
                    candidate.score, candidate.scored_by_id, candidate.seed = (
                        score - number / 7,
                        pm.id,
                        20_481_003 + number,
                    )
                    candidate.sampling = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_tokens": 128, "best_of": 1}
                    candidate.prompt_tokens, candidate.completion_tokens = 31 + 90 * number, len(candidate.text) // 4
                    candidate.first_token_ms, candidate.total_ms = 310, 2200
                chosen = {"strength": 1 + (number + 3 * who + 2) % 4, "seconds_to_choose": 11.5 + 7 * number}
                direction = {"choice_direction": task.choice_direction}
                make_comparison(session, turn, "b" if number == 1 else "a", **made, **chosen, **direction)
            return conversation

        for number, (human, *texts) in enumerate(reversed(SAID)):
            hold(helpful, number % 3, [(human, *texts)], 400 - 20 * number)
        attack = hold(red_team, 2, [ATTACK], 95, red_team_plan=PLAN, attack_success=2, attack_harm=2)
        first = hold(helpful, 0, SAID, 40, overall_rating=4, comment="It knew more about basil than I do.")
        reported = first.turns[1].candidates[1]
        report = {"account_id": people[0].id, "reason": ReportReason.BROKEN, "comment": "It did not read my question."}
        session.add(Report(candidate_id=reported.id, **report))
        return first.id, attack.id
