"""Rules that the database keeps whatever the code does."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import now
from app.tables import ReceiverKind
from tests.factories import make_comparison, make_delivery, make_receiver, make_tranche, make_turn


def test_a_second_current_comparison_on_the_same_turn_is_refused(session: Session) -> None:
    turn = make_turn(session)
    make_comparison(session, turn)
    with pytest.raises(IntegrityError):
        make_comparison(session, turn, picked="b")


def test_a_superseded_comparison_leaves_room_for_a_new_one(session: Session) -> None:
    turn = make_turn(session)
    make_comparison(session, turn).superseded_at = now()
    session.flush()
    again = make_comparison(session, turn, picked="b")
    assert turn.comparison is again
    assert len(turn.comparisons) == 2


def test_a_comparison_cannot_pick_a_candidate_of_another_turn(session: Session) -> None:
    turn, elsewhere = make_turn(session), make_turn(session)
    turn_candidates = [candidate.id for candidate in turn.candidates]
    comparison = make_comparison(session, turn)
    assert comparison.picked_id in turn_candidates
    comparison.picked_id = elsewhere.candidates[0].id
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_comparison_is_in_one_tranche_at_most(session: Session) -> None:
    comparison = make_comparison(session)
    make_tranche(session, comparison)
    with pytest.raises(IntegrityError):
        make_tranche(session, comparison)


def test_the_same_client_id_cannot_be_two_turns_of_a_conversation(session: Session) -> None:
    turn = make_turn(session, client_id="once")
    with pytest.raises(IntegrityError):
        make_turn(session, turn.conversation, client_id="once")


def test_times_come_back_aware_and_in_utc(session: Session) -> None:
    turn = make_turn(session)
    session.commit()
    session.refresh(turn)
    assert turn.created_at.utcoffset() is not None


def test_an_event_is_told_once_to_each_receiver(session: Session) -> None:
    receiver = make_receiver(session)
    make_delivery(session, receiver, event_id="e1")
    make_delivery(session, make_receiver(session), event_id="e1")
    with pytest.raises(IntegrityError):
        make_delivery(session, receiver, event_id="e1")


def test_a_webhook_without_a_secret_is_refused(session: Session) -> None:
    make_receiver(session, ReceiverKind.MAIL)
    with pytest.raises(IntegrityError):
        make_receiver(session, secret=None)
