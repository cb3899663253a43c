"""How often one may try to sign in or sign up: counted in Redis, or in this process while Redis does not answer."""

import logging
from functools import lru_cache

from limits import RateLimitItem, RateLimitItemPerMinute, strategies
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.errors import DomainError
from app.settings import get_settings

FAILURES_PER_NAME = RateLimitItemPerMinute(10, 5)  # from one address, in five minutes
FAILURES_PER_ADDRESS = RateLimitItemPerMinute(100, 5)
SIGN_UPS_PER_ADDRESS = RateLimitItemPerMinute(60, 1)
ENTRIES_PER_ADDRESS = RateLimitItemPerMinute(120, 1)  # by a crowd platform's link; a reload is one, too

log = logging.getLogger(__name__)


class TooManyAttempts(DomainError):
    status = 429


@lru_cache
def _in_redis(url: str) -> strategies.FixedWindowRateLimiter:
    # One quick try: somebody waits for the answer.
    options = {"socket_connect_timeout": 0.3, "socket_timeout": 0.3, "retry": Retry(NoBackoff(), 0)}
    return strategies.FixedWindowRateLimiter(
        RedisStorage(url, wrap_exceptions=True, key_prefix="limits", **options)  # type: ignore[arg-type]
    )


@lru_cache
def _in_process() -> strategies.FixedWindowRateLimiter:
    return strategies.FixedWindowRateLimiter(MemoryStorage())


def refuse_if_spent(limit: RateLimitItem, *who: str) -> None:
    """Raise when the limit is reached; costs nothing itself."""
    try:
        spent = not _in_redis(get_settings().redis_url).test(limit, *who)
    except StorageError:
        spent = not _in_process().test(limit, *who)
    if spent:
        raise TooManyAttempts(
            "Too many attempts from here; please wait a few minutes.", {"Retry-After": str(limit.get_expiry())}
        )


def spend(limit: RateLimitItem, *who: str) -> None:
    """Count one attempt; in both places, so that a Redis that goes away does not forget who tried."""
    _in_process().hit(limit, *who)
    try:
        _in_redis(get_settings().redis_url).hit(limit, *who)
    except StorageError as error:
        log.warning("Attempts are counted in this process alone, Redis does not answer: %s", error)
