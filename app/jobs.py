"""Jobs for the workers: collected while a transaction runs, sent by name and id only after it was committed.

A broker that is down never fails a request: the row is the truth, and the tick sends what never arrived.
"""

import logging
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.settings import get_settings

if TYPE_CHECKING:
    from celery import Celery

QUEUES = {"run_stage": "train"}  # every other job goes to "default"

log = logging.getLogger(__name__)

_importing = Lock()
"""Celery and kombu replace their own modules while they are imported: a second thread would get half of one."""


def send_after_commit(session: Session, name: str, *ids: str) -> None:
    """Remember a job; it is sent when this session's transaction was committed, and forgotten when it was not."""
    session.info.setdefault("jobs", []).append((name, ids))


def send(name: str, *ids: str) -> bool:
    """Send a job now. False, and a line in the log, when the broker does not answer within half a second."""
    with _importing:
        from kombu.exceptions import OperationalError  # here and below: a start without jobs does not wait for Celery

        sender = _sender(get_settings().redis_url)
    try:
        sender.send_task(name, args=ids, queue=QUEUES.get(name, "default"), retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("Job %s%s was not sent, the tick will send it again: %s", name, ids, error)
        return False
    return True


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():
        return  # only a savepoint: the transaction around it may still fail
    for name, ids in session.info.pop("jobs", ()):
        send(name, *ids)


@event.listens_for(Session, "after_rollback")
def _rolled_back(session: Session) -> None:
    session.info.pop("jobs", None)


@lru_cache
def _sender(url: str) -> "Celery":
    from celery import Celery

    sender = Celery("turnwise-sender", broker=url, set_as_current=False)
    sender.conf.update(
        task_ignore_result=True,
        broker_connection_timeout=0.5,
        # kombu would try for ever, and the caller is a request of somebody who waits.
        broker_transport_options={"max_retries": 0, "socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    )
    return sender
