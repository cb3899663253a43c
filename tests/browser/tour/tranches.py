"""Tranches with their datasheet, and exports at every stage."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select, update

from app import db
from app.exports import service as exports_service
from app.exports.schemas import ExportWanted
from app.tables import (
    Account,
    ConversationStatus,
    Export,
    ExportStatus,
    Iteration,
    IterationStatus,
    Role,
    Snapshot,
    SnapshotKind,
    Task,
    TaskKind,
    TrancheKind,
)
from app.tasks.defaults import HELPFULNESS, RED_TEAM
from app.tranches.families import family_of
from app.tranches.service import freeze
from tests.app.servers import Process
from tests.browser.tour.said import SAID
from tests.browser.tour.visitor import MARKS, Visitor, new_account
from tests.factories import make_account, make_comparison, make_conversation, make_deployment, make_snapshot, make_turn
from worker import exports

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_the_tranches(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    ana = new_account(Role.ADMIN, username="ana", red_team_opt_in_at=db.now())
    visitor.sign_in(ana)
    name = two_frozen_weeks(ana)
    visitor.visit("/admin/tranches", "94-researcher-tranches")
    visitor.visit(f"/admin/tranches/{name}", "95-researcher-tranche", everywhere=True)
    visitor.visit("/admin/exports", "96-researcher-exports", everywhere=True)
    visitor.context.close()


def two_frozen_weeks(ana: Account) -> str:
    """Base comparisons of a first week, then online ones by five people; exports at every stage. The newest tranche."""
    with db.writing() as session:
        tasks = {task.slug: task for task in session.scalars(select(Task))}
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        people = [make_account(session, username=f"crowdworker-{number}") for number in range(5)]
        policies = [initial, *(make_snapshot(session, f"policy-2026-w4{number}") for number in (5, 6))]
        names: list[str] = []
        for week, kind in enumerate((TrancheKind.BASE, TrancheKind.ONLINE)):
            for slug, times in ((HELPFULNESS.slug, 24 + 12 * week), (RED_TEAM.slug, 8)):
                task, best = tasks[slug], policies[: 1 + 2 * week]
                fields = {"generation": 20 + week, "active": False}
                deployed = [make_deployment(session, task, one, 100 / len(best), **fields) for one in best]
                for number in range(times):
                    person = people[0 if number % 5 < 2 else number % len(people)]
                    human, *texts = SAID[number % len(SAID)]
                    at = db.now() - timedelta(days=9 - 7 * week, minutes=20 * number)
                    ended = {"status": ConversationStatus.COMPLETED, "created_at": at, "family": family_of(human)}
                    conversation = make_conversation(session, task, person, **ended)
                    one, other = deployed[number % len(best)], deployed[(number // 2) % len(best)]
                    propensity = round((1 if one is other else 2) / len(best) ** 2, 3)
                    for position in range(1 + number % 3):
                        turn = make_turn(session, conversation, tuple(texts), text=human)
                        make_comparison(
                            session, turn, "a" if number % 3 else "b", kind=kind, text_version=1, created_at=at,
                            strength=1 + (number + position) % 4, seconds_to_choose=4 + 3.5 * (number % 9),
                            choice_direction=task.choice_direction, propensity=propensity,
                            picked_deployment_id=one.id, other_deployment_id=other.id,
                            excluded_reason="answered in two seconds" if number % 17 == 16 else None,
                        )  # fmt: skip
            iteration = Iteration(number=week + 1, name=f"2026-w4{6 + week}", preset="small", overrides={})
            iteration.status = IterationStatus.DEPLOYED
            session.add(iteration)
            session.flush()
            names = [tranche.name for tranche in freeze(session, iteration)]
            for kind_of in (SnapshotKind.PM, SnapshotKind.POLICY):
                make_snapshot(session, f"{iteration.name}-{kind_of}", kind_of, iteration_id=iteration.id)
        asked = [exports_service.ask(session, ExportWanted(task=task), ana).id for task in (None, TaskKind.HELPFULNESS)]
        full = exports_service.ask(session, ExportWanted(tranche=names[0]), ana)
        exports_service.end(full, ExportStatus.FAILED, DISK_FULL)
    for id in asked[:1]:
        exports.make(id)
    with db.writing() as session:
        for_ever = {"heartbeat_at": db.now() + timedelta(days=1), "rows_done": 61, "rows_total": 102, "attempt": 1}
        session.execute(update(Export).where(Export.id == asked[1]).values(status=ExportStatus.RUNNING, **for_ever))
    return names[-1]


DISK_FULL = "The file could not be written: No space left on device. Nothing of it was left behind."
