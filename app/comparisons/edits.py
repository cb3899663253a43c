"""Editing a response instead of only choosing one, as the paper's select crowdworkers could (App. D.2).

An edit is a third candidate and a comparison "edited > original", which supersedes the choice between the two. Like a
choice it may be changed or taken back until the next message, and the dialogue goes on from the edited text.
"""

from sqlalchemy.orm import Session

from app.comparisons.schemas import Edit
from app.comparisons.service import UnknownCandidate, kind_of, must_be_changeable, replace
from app.errors import DomainError
from app.tables import Account, Candidate, CandidateStatus, ChoiceDirection, Comparison, Turn


class EditingNotAllowed(DomainError):
    status = 403


class NothingEdited(DomainError):
    status = 422


def edit(session: Session, turn: Turn, account: Account, change: Edit) -> None:
    """Put the crowdworker's own words in place of one response; the same edit again changes nothing."""
    if not account.may_edit:
        raise EditingNotAllowed("Editing responses is open to some crowdworkers only; please ask the researchers.")
    task = turn.conversation.task
    if task.choice_direction != ChoiceDirection.PICK_BETTER:
        # The dialogue would go on from the better text, and the worse one is what this task looks for.
        raise EditingNotAllowed("Responses are not edited in a task that asks for the worse one.")
    original = next((candidate for candidate in turn.pair if candidate.id == change.candidate), None)
    if original is None:
        raise UnknownCandidate("candidate: that is not one of this turn's two candidates.")
    if _is_current(turn, original, change.text):
        return
    must_be_changeable(turn)
    if change.text.strip() == original.text.strip():
        raise NothingEdited("text: this is the response as it was; please change something first.")
    edited = _written(session, turn, original, change.text)
    comparison = Comparison(
        turn_id=turn.id,
        account_id=turn.conversation.account_id,
        picked_id=edited.id,
        other_id=original.id,
        # Nobody was asked how much better their own words are. "Unknown" is never dropped as weakest, and claims
        # nothing; 4 would be a measurement that was not made.
        strength=None,
        choice_direction=task.choice_direction,
        kind=kind_of(session, [original]),  # the other response takes no part in this comparison
        propensity=None,  # no pair of policies is compared
        text_version=task.text_version,
        seconds_to_choose=None,  # writing takes longer than choosing, and would spoil that figure
    )
    replace(session, turn, comparison)
    session.refresh(turn, ["candidates"])


def take_back(session: Session, turn: Turn) -> None:
    """The choice before the edit is current again, as a new row; without one, the turn is undecided again."""
    edited, current = turn.edited, turn.comparison
    if edited is None or current is None or current.picked_id != edited.id:
        return
    must_be_changeable(turn)
    chosen = [comparison for comparison in turn.comparisons if comparison.picked_id != edited.id]
    replace(session, turn, _again(chosen[-1]) if chosen else None)


def _is_current(turn: Turn, original: Candidate, text: str) -> bool:
    edited, current = turn.edited, turn.comparison
    if edited is None or current is None:
        return False
    return (current.picked_id, edited.edited_from_id, edited.text) == (edited.id, original.id, text)


def _written(session: Session, turn: Turn, original: Candidate, text: str) -> Candidate:
    """One edited candidate per turn: a second edit rewrites it. It is complete, also where its original was cut."""
    edited = turn.edited or Candidate(turn_id=turn.id, shown="edited")
    edited.edited_from_id, edited.text = original.id, text
    edited.status, edited.finish = CandidateStatus.DONE, "stop"
    session.add(edited)
    session.flush()
    return edited


def _again(row: Comparison) -> Comparison:
    return Comparison(
        turn_id=row.turn_id,
        account_id=row.account_id,
        picked_id=row.picked_id,
        other_id=row.other_id,
        strength=row.strength,
        choice_direction=row.choice_direction,
        kind=row.kind,
        propensity=row.propensity,
        text_version=row.text_version,
        seconds_to_choose=row.seconds_to_choose,
    )
