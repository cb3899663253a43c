"""The rules of a conversation that a request can break."""

from app.errors import DomainError


class UnknownConversation(DomainError):
    status = 404


class UnknownTurn(DomainError):
    status = 404


class ConversationClosed(DomainError):
    status = 409


class ConversationFull(DomainError):
    status = 409


class TurnUndecided(DomainError):
    status = 409


class TurnNotFailed(DomainError):
    status = 409


class NoPolicyDeployed(DomainError):
    status = 503


class NotRedTeaming(DomainError):
    status = 422
