"""The dialogue family: all conversations that begin with the same human message, however it was spaced or cased."""

import hashlib
import unicodedata


def family_of(first_message: str) -> str:
    """The sha256 that decides train or test (docs/seams.md §3), so a family never changes side between weeks."""
    normalised = " ".join(unicodedata.normalize("NFKC", first_message).casefold().split())
    return hashlib.sha256(normalised.encode()).hexdigest()


def is_test(family: str) -> bool:
    """The side of the split that a family is on, for ever (docs/seams.md §3)."""
    return int(family, 16) % 100 < 5
