"""Argon2 hashes. One costs about 0.2 s and 64 MiB on purpose, so only two are computed at a time."""

from functools import lru_cache

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError


@lru_cache
def _argon2() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache
def _two_at_a_time() -> CapacityLimiter:
    return CapacityLimiter(2)


def hashed(password: str) -> str:
    return _argon2().hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """False for an account without a password, after as much work: the time taken tells nobody who exists."""
    try:
        return _argon2().verify(password, password_hash or _of_nobody()) and password_hash is not None
    except PwdlibError:
        return False


@lru_cache
def _of_nobody() -> str:
    return hashed("nobody's password")


async def hash_in_turn(password: str) -> str:
    return await to_thread.run_sync(hashed, password, limiter=_two_at_a_time())


async def matches_in_turn(password: str, password_hash: str | None) -> bool:
    return await to_thread.run_sync(matches, password, password_hash, limiter=_two_at_a_time())
