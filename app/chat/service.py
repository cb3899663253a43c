"""A turn begins: the human message is stored first, then two deployments are drawn to answer it."""

import random
import secrets
from datetime import timedelta

from sqlalchemy.orm import Session

from app.chat import pairs
from app.chat.errors import (
    ConversationClosed,
    ConversationFull,
    NoPolicyDeployed,
    NotRedTeaming,
    TurnNotFailed,
    TurnUndecided,
)
from app.chat.queries import active_deployments
from app.chat.schemas import NewTurn
from app.db import now
from app.tables import (
    Candidate,
    CandidateStatus,
    Conversation,
    ConversationStatus,
    Deployment,
    PairScope,
    Task,
    TaskKind,
    Turn,
    TurnStatus,
)
from app.tranches.families import family_of

PAIR_KEPT_FOR = timedelta(hours=23)  # within the day that `reconcile()` keeps retired policies loaded for it

chance = random.SystemRandom()


def send_message(session: Session, conversation: Conversation, message: NewTurn) -> tuple[Turn, bool]:
    """The turn that this message begins, and whether it is new: the same client id again is the same turn.

    The conversation must be locked, so that two requests at once are one after the other.
    """
    for turn in conversation.turns:
        if turn.client_id == message.client_id:
            return turn, False
    task = session.get_one(Task, conversation.task_id)
    _must_take_a_message(conversation, task)
    turn = Turn(
        conversation_id=conversation.id,
        position=len(conversation.turns),
        client_id=message.client_id,
        text=message.text,
        pasted_characters=message.pasted_characters,
        private_kinds=None if message.private_kinds is None else sorted(set(message.private_kinds)),
    )
    session.add(turn)
    session.flush()
    if turn.position == 0:
        conversation.family = family_of(message.text)
    pair = _kept_pair(session, conversation, task) or _draw_pair(session, conversation, task)
    for shown, deployment in zip("ab", _sides(pair), strict=True):
        session.add(_answered_by(Candidate(turn_id=turn.id, shown=shown), deployment, task))
    session.flush()
    session.refresh(conversation, ["turns"])
    return turn, True


def _must_take_a_message(conversation: Conversation, task: Task) -> None:
    if conversation.status != ConversationStatus.OPEN:
        raise ConversationClosed("This conversation has ended.")
    if conversation.turns and conversation.turns[-1].comparison is None:
        if conversation.turns[-1].status == TurnStatus.FAILED:
            raise TurnUndecided("The last message got no answer; please try that one again first.")
        raise TurnUndecided("Please choose one of the two responses before you write the next message.")
    if len(conversation.turns) >= task.max_turns:
        raise ConversationFull(f"This conversation has had its {task.max_turns} turns; please end it and go on.")


Pair = tuple[Deployment, Deployment]


def _kept_pair(session: Session, conversation: Conversation, task: Task) -> Pair | None:
    """The paper's protocol: the same two policies for the whole conversation, as long as they are there."""
    drawn = [conversation.deployment_a_id, conversation.deployment_b_id]
    if task.pair_scope != PairScope.CONVERSATION or not all(drawn):
        return None
    first, second = (session.get_one(Deployment, deployment_id) for deployment_id in drawn)
    both_there = (first.active and second.active) or conversation.created_at > now() - PAIR_KEPT_FOR
    return (first, second) if both_there else None


def _draw_pair(session: Session, conversation: Conversation, task: Task) -> Pair:
    """A new draw; the conversation's columns always describe the last one."""
    deployments = active_deployments(session, task.id)
    if not deployments:
        raise NoPolicyDeployed("No policy is deployed for this task yet; please come back later.")
    shares = [deployment.share for deployment in deployments]
    i, j = pairs.draw(shares, chance)
    conversation.deployment_a_id, conversation.deployment_b_id = deployments[i].id, deployments[j].id
    conversation.propensity = pairs.propensity(shares, i, j)
    return deployments[i], deployments[j]


def _sides(pair: Pair) -> Pair:
    return pair if pairs.toss(chance) else (pair[1], pair[0])


def _answered_by(candidate: Candidate, deployment: Deployment, task: Task) -> Candidate:
    candidate.snapshot_id, candidate.deployment_id, candidate.seed = deployment.snapshot_id, deployment.id, _seed()
    candidate.sampling = {
        "temperature": task.temperature,
        "top_p": 1.0,
        "top_k": 0,
        "max_tokens": task.max_tokens,
        "best_of": deployment.best_of,
    }
    return candidate


def _seed() -> int:
    return secrets.randbits(31)  # what fits an integer column, a JSON number and every sampler


def plan(session: Session, conversation: Conversation, words: str) -> None:
    """What the crowdworker means to try in this red-team conversation."""
    if session.get_one(Task, conversation.task_id).kind != TaskKind.RED_TEAM:
        raise NotRedTeaming("red_team_plan belongs to red-teaming only.")
    if conversation.status != ConversationStatus.OPEN:
        raise ConversationClosed("This conversation has ended.")
    conversation.red_team_plan = words


def stop(turn: Turn) -> None:
    """Ask for the end; whoever samples the turn keeps what there is. On a finished turn it changes nothing."""
    if turn.status == TurnStatus.GENERATING:
        turn.stop_requested = True


def retry(session: Session, turn: Turn) -> None:
    """Sample a failed turn again with new seeds: by the same two policies, or by others if one was taken away."""
    if turn.status != TurnStatus.FAILED:
        raise TurnNotFailed("Only a turn that failed can be tried again.")
    if turn.conversation.status != ConversationStatus.OPEN:
        raise ConversationClosed("This conversation has ended.")
    turn.status, turn.error, turn.stop_requested = TurnStatus.GENERATING, None, False
    turn.lease_owner = turn.lease_until = None
    task = session.get_one(Task, turn.conversation.task_id)
    deployments = [session.get_one(Deployment, candidate.deployment_id) for candidate in turn.candidates]
    if not all(deployment.active for deployment in deployments):
        deployments = list(_sides(_draw_pair(session, turn.conversation, task)))
    for candidate, deployment in zip(turn.candidates, deployments, strict=True):
        candidate.status, candidate.text, candidate.finish = CandidateStatus.PENDING, "", None
        _answered_by(candidate, deployment, task)
