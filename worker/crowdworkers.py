"""The job that counts what each crowdworker chose; its page reads the counts."""

import logging
import time

from app import db
from app.crowdworkers import counting

log = logging.getLogger(__name__)


def is_due() -> bool:
    with db.reading() as session:
        return bool(counting.due_weeks(session))


def count() -> None:
    """Reading takes long and locks nobody; each week is then written at once."""
    with db.reading() as session:
        weeks = counting.due_weeks(session)
    changed, began = 0, time.monotonic()
    for week in weeks:
        at = db.now()
        with db.reading() as session:
            found = counting.read_week(session, week)
        with db.writing() as session:
            changed += counting.write_week(session, week, found, at)
    if changed:
        log.info("Counted %d weeks of crowdworkers in %.1f s.", len(weeks), time.monotonic() - began)
