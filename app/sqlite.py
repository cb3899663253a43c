"""SQLite takes one writer at a time. Those of one process queue here, and each is woken by the one before.

SQLite itself lets whoever meets a writer poll, asleep for up to 0.1 s at a time while others slip past; so it still
does between processes.
"""

import sqlite3
from threading import Lock
from typing import Any

BUSY_SECONDS = 15  # how long one writer waits for another, in this process or in another one


class Queueing(sqlite3.Connection):
    """Holds its place exactly as long as SQLite's own lock, from `BEGIN IMMEDIATE` to commit or rollback, and on
    whatever threads these come: a dependency's session begins on one and ends on another."""

    def __init__(self, *arguments: Any, writers: Lock, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._writers, self._is_writing = writers, False

    def begin_writing(self) -> None:
        if not self._writers.acquire(timeout=BUSY_SECONDS):
            raise sqlite3.OperationalError("database is locked")  # as SQLite says after the same wait
        self._is_writing = True
        try:
            self.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._let_the_next_write()
            raise

    def commit(self) -> None:
        super().commit()  # where this fails, a rollback follows
        self._let_the_next_write()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._let_the_next_write()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._let_the_next_write()

    def _let_the_next_write(self) -> None:
        if self._is_writing:
            self._is_writing = False
            self._writers.release()
