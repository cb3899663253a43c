"""What happens beside a freeze: nobody's words are frozen while they are erased, and nothing is left out too late."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app import db, jobs
from app.accounts.own_data.erasure import erase
from app.explorer.service import Frozen, exclude_comparison
from app.tables import Comparison, Iteration, Role, Tranche, TrancheMember
from app.tranches.service import freeze
from tests.app.tranches.test_freeze import make_iteration, settled
from tests.factories import make_account

SOON = 0.5  # seconds: whoever does not wait is done by then


@pytest.fixture
def beside() -> Iterator[Callable[..., Future[None]]]:
    """Do something on another thread, in a transaction of its own."""
    with ThreadPoolExecutor(1) as threads:

        def begun(act: Callable[..., object], *arguments: object) -> Future[None]:
            def run() -> None:
                with db.writing() as session:
                    act(session, *arguments)

            return threads.submit(run)

        yield begun


def is_waiting(other: Future[None]) -> bool:
    return other in wait([other], SOON).not_done


@pytest.fixture
def rows(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> tuple[Comparison, Comparison, Iteration]:
    """Two settled comparisons of two people, and a week that has frozen nothing yet."""
    monkeypatch.setattr(jobs, "send", lambda *job: True)
    with db.writing() as session:
        return settled(session), settled(session), make_iteration(session)


def frozen() -> tuple[set[str], int]:
    """The members of the only tranche, and how many it says are erased."""
    with db.reading() as session:
        return set(session.scalars(select(TrancheMember.comparison_id))), session.scalars(select(Tranche)).one().erased


def freeze_for(session: Session, iteration_id: str) -> None:
    freeze(session, session.get_one(Iteration, iteration_id))


def test_who_wants_their_data_erased_waits_for_a_freeze_and_is_counted(
    rows: tuple[Comparison, Comparison, Iteration], beside: Callable[..., Future[None]]
) -> None:
    hers, his, iteration = rows
    with db.writing() as session:
        freeze_for(session, iteration.id)
        erasing = beside(erase, hers.account_id)
        assert is_waiting(erasing)
    erasing.result()
    assert frozen() == ({hers.id, his.id}, 1)


def test_a_freeze_waits_for_who_has_their_data_erased(
    rows: tuple[Comparison, Comparison, Iteration], beside: Callable[..., Future[None]]
) -> None:
    hers, his, iteration = rows
    assert hers.account_id is not None
    with db.writing() as session:
        erase(session, hers.account_id)
        freezing = beside(freeze_for, iteration.id)
        assert is_waiting(freezing)
    freezing.result()
    assert frozen() == ({his.id}, 0)


def test_what_is_being_frozen_cannot_be_left_out_any_more(
    rows: tuple[Comparison, Comparison, Iteration], beside: Callable[..., Future[None]]
) -> None:
    hers, _, iteration = rows
    with db.writing() as session:
        rosa = make_account(session, Role.RESEARCHER)
    with db.writing() as session:
        freeze_for(session, iteration.id)
        excluding = beside(exclude_comparison, hers.id, "Spam.", rosa)
        assert is_waiting(excluding)
    with pytest.raises(Frozen, match="2026-w48-base holds this comparison already"):
        excluding.result()


def test_a_freeze_waits_for_who_leaves_a_comparison_out(
    rows: tuple[Comparison, Comparison, Iteration], beside: Callable[..., Future[None]]
) -> None:
    hers, his, iteration = rows
    with db.writing() as session:
        rosa = make_account(session, Role.RESEARCHER)
    with db.writing() as session:
        exclude_comparison(session, hers.id, "Spam.", rosa)
        freezing = beside(freeze_for, iteration.id)
        assert is_waiting(freezing)
    freezing.result()
    assert frozen() == ({his.id}, 0)
    with db.reading() as session:
        assert session.scalars(select(Tranche)).one().exclusions == {"Spam.": 1}


def test_freezing_changes_no_comparison(rows: tuple[Comparison, Comparison, Iteration]) -> None:
    every = text("SELECT * FROM comparisons ORDER BY id")
    with db.reading() as session:
        before = session.execute(every).all()
    with db.writing() as session:
        freeze_for(session, rows[2].id)
    with db.reading() as session:
        assert session.execute(every).all() == before
    assert len(before) == 2
