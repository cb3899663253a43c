"""Jobs, queues and the tick. A job is a name and an id; it reads its row again, returns if the work is done, and may
run twice without harm (docs/seams.md §4).

    celery -A worker.main worker -Q default -c 2
    celery -A worker.main worker -Q train -c 1
    celery -A worker.main beat
"""

import logging
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_ready, worker_shutting_down

from app.settings import get_settings
from app.snapshots import reconcile as snapshots
from worker import (
    crowdworkers,
    dashboard,
    erasure,
    exports,
    iteration,
    leaderboard,
    notifications,
    runs,
    schedule,
    scoring,
    tranches,
)

log = logging.getLogger(__name__)

EVERY_MINUTE = 60.0
ONE_TICK = 55  # seconds after which a job that the next tick sends again is not worth starting

settings = get_settings()
celery = Celery("turnwise", broker=settings.redis_url)
celery.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_default_queue="default",
    task_routes={"run_stage": {"queue": "train"}},
    # Early acknowledgement: a redelivery says nothing that the rows do not, and a training runs for hours.
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 12 * 3600},
    beat_schedule={"tick": {"task": "tick", "schedule": EVERY_MINUTE, "options": {"expires": ONE_TICK}}},
    beat_schedule_filename=str(settings.data_dir / "beat-schedule"),
)


@celeryd_init.connect
def _fresh_process_for_each_training(conf: Any, options: dict[str, Any], **_: object) -> None:
    if "train" in (options.get("queues") or ""):
        conf.worker_max_tasks_per_child = 1


@worker_ready.connect
def _catch_up(**_: object) -> None:
    """What was committed while no worker was there is taken up now, not at the next minute."""
    celery.send_task("tick", expires=ONE_TICK)


@worker_shutting_down.connect
def _preempt(**_: object) -> None:
    runs.stop_soon()


@celery.task(name="tick")
def tick() -> None:
    """Every minute. What fails is logged and does not keep the rest from being done."""
    for part in (
        dashboard.beat,
        schedule.start_due,
        iteration.cancel_abandoned,
        lambda: _send_again("run_stage", iteration.waiting_stages()),
        lambda: _send_again("score_turn", scoring.unscored_turns()),
        lambda: _send_again("erase_copies", erasure.waiting()),
        exports.sweep,
        lambda: _send_again("make_export", exports.waiting()),
        lambda: _send_again("deliver", notifications.waiting()),
        lambda: _send_again("count_facts", tranches.without_facts()),
        leaderboard.ask_if_due,
        dashboard.close_collected_days,
        lambda: crowdworkers.is_due() and celery.send_task("count_crowdworkers", expires=ONE_TICK),
        snapshots.reconcile,
    ):
        _isolated(part)


def _isolated(part: Callable[[], object]) -> None:
    try:
        part()
    except Exception:
        log.exception("a part of the tick failed")


def _send_again(job: str, ids: list[str]) -> None:
    for id in ids:
        celery.send_task(job, (id,), expires=ONE_TICK)


@celery.task(name="run_stage")
def run_stage(stage_run_id: str) -> None:
    """Run one stage of an open iteration, then send what follows."""
    iteration.run_stage(stage_run_id)


@celery.task(name="score_turn")
def score_turn(turn_id: str) -> None:
    """PM scores of a finished turn's candidates."""
    scoring.score_turn(turn_id)


@celery.task(name="erase_copies")
def erase_copies(erasure_id: str) -> None:
    """Copies of what a person had erased."""
    erasure.erase_copies(erasure_id)


@celery.task(name="make_export")
def make_export(export_id: str) -> None:
    """A file of comparisons that a researcher asked for."""
    exports.make(export_id)


@celery.task(name="count_facts")
def count_facts(tranche_id: str) -> None:
    """The datasheet of a tranche that an older release froze."""
    tranches.count_facts(tranche_id)


@celery.task(name="deliver", soft_time_limit=notifications.AT_MOST)
def deliver(delivery_id: str) -> None:
    """One try to tell a receiver of an event."""
    notifications.deliver(delivery_id)


@celery.task(name="fit_leaderboard")
def fit_leaderboard(fit_id: str) -> None:
    """Elo of all snapshots, from all comparisons."""
    leaderboard.fit(fit_id)


@celery.task(name="count_crowdworkers")
def count_crowdworkers() -> None:
    """What each crowdworker chose, of the weeks in which something came or that were counted long ago."""
    crowdworkers.count()


@celery.task(name="reconcile")
def reconcile() -> None:
    """Load into inference what deployments want."""
    snapshots.reconcile()
