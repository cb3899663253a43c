"""The warning about red-team conversations: a researcher reads their words only after having agreed to it."""

from app.errors import DomainError
from app.tables import Account


class WarningNotAgreed(DomainError):
    status = 403


def refuse_unwarned(reader: Account, instead: str = "") -> None:
    """`instead`: what else can be asked for, as the end of the sentence."""
    if reader.red_team_opt_in_at is None:
        raise WarningNotAgreed(f"Please agree to the warning about red-team conversations first, in Account{instead}.")
