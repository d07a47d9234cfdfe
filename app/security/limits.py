"""Limits on how often, counted in Redis by scripts: requests of a caller, guesses of a secret.

Redis away means no limits of requests: a monitor that cannot be asked is worse than one asked too
often. Guesses and budgets are counted by each process itself meanwhile (`LocalCounts`), so that no
password can be guessed for as long as Redis is away. It is noticed within a quarter of a second,
logged once, and then left alone for some seconds.
"""

import logging
from dataclasses import dataclass
from math import ceil
from typing import Any

from flask import Flask, Response, current_app, g
from redis import RedisError

from app.domain.accounts.client_addresses import group
from app.domain.accounts.rate_limits import Allowance
from app.platform.bootstrap import runtime
from app.platform.clock import monotonic
from app.platform.crypto import digest
from app.platform.errors import TooManyRequests
from app.platform.redis_client import connect
from app.security.local_limits import LocalCounts

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 0.25
_LEAVE_ALONE_SECONDS = 5.0
_HASHES_A_MINUTE = 60  # of one account at one address
_WRONG_TRIES_COUNT_SECONDS = (15 * 60, 60 * 60)  # of a pair and an address; of an account
_MANY = "too many requests; please wait"
_MANY_TRIES = "too many tries; please wait"

# GCRA: the bucket is one number, the time at which it will have run empty.
_REQUEST = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local step, burst = 60000 / ARGV[1], tonumber(ARGV[2])
local empty_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local used = (empty_at - now) / step
local wait = 0
if used + 1 > burst then
    wait = (used + 1 - burst) * step
else
    used = used + 1
    redis.call('SET', KEYS[1], empty_at + step, 'PX', math.ceil(used * step))
end
return {tostring(used), tostring(now / 1000), tostring(wait / 1000)}
"""

# A try is counted before it is answered, so that many at once cannot pass together.
_TRY = """
local known = redis.call('ZSCORE', KEYS[4], ARGV[1])
local function count(key) return tonumber(redis.call('GET', key) or 0) end
local limit = tonumber(ARGV[2])
if not known and count(KEYS[3]) >= tonumber(ARGV[4]) then limit = 1 end
if count(KEYS[1]) >= limit then return redis.call('PTTL', KEYS[1]) end
if not known and count(KEYS[2]) >= tonumber(ARGV[3]) then return redis.call('PTTL', KEYS[2]) end
for index = 1, known and 1 or 3 do
    if redis.call('INCR', KEYS[index]) == 1 then
        redis.call('PEXPIRE', KEYS[index], index == 3 and ARGV[6] or ARGV[5])
    end
end
return 0
"""
_GIVE_BACK = """
for index = 1, redis.call('ZSCORE', KEYS[4], ARGV[1]) and 1 or 3 do
    if tonumber(redis.call('GET', KEYS[index]) or 0) > 0 then redis.call('DECR', KEYS[index]) end
end
return 0
"""
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""
# An account is at home at its latest 50 addresses, each for 90 days after the last sign-in there.
_KNOW = """
redis.call('ZADD', KEYS[1], redis.call('TIME')[1], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -51)
return redis.call('EXPIRE', KEYS[1], 90 * 24 * 3600)
"""


class Counter:
    """The connection to Redis that limits are counted on."""

    def __init__(self, redis_url: str) -> None:
        redis = connect(redis_url, timeout_seconds=_TIMEOUT_SECONDS, retries=0)
        self._redis = redis
        self._scripts = {
            script: redis.register_script(script)
            for script in (_REQUEST, _TRY, _GIVE_BACK, _COUNT, _KNOW)
        }
        self._away_until = 0.0
        self.local = LocalCounts()

    def run(self, script: str, keys: list[str], *args: Any) -> Any:
        """Return what a script answers, None while Redis is away."""
        if monotonic() < self._away_until:
            return None
        try:
            result = self._scripts[script](keys, args)
        except RedisError as error:
            if not self._away_until:
                log.warning("limits are local: Redis is away", extra={"why": str(error)[:200]})
            self._away_until = monotonic() + _LEAVE_ALONE_SECONDS
            return None
        if self._away_until:
            self._away_until = 0.0
            log.warning("limits are counted in Redis again")
        return result


def install(app: Flask) -> None:
    """Count on the application's Redis, and tell callers where they stand."""
    app.extensions["limits"] = Counter(app.extensions["runtime"].config.redis_url)
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    allowance: Allowance | None = g.get("allowance")
    if allowance is not None:
        response.headers.update(allowance.headers())
    return response


def _counter() -> Counter | None:
    if not runtime().config.rate_limits:
        return None
    result: Counter = current_app.extensions["limits"]
    return result


def count_request(caller: str, per_minute: int, burst: int) -> None:
    """Count a request of a caller, an API key or a person. Raises TooManyRequests."""
    counter = _counter()
    answer = counter.run(_REQUEST, [f"rate:{caller}"], per_minute, burst) if counter else None
    if answer is None:
        return
    used, now, wait = map(float, answer)
    g.allowance = Allowance(per_minute, used, now, wait)
    if not g.allowance.is_allowed:
        raise TooManyRequests(_MANY, max(1, ceil(wait)))


def count_costly(what: str, organization: str, per_minute: int) -> None:
    """Count what costs much against an organization's budget. Raises TooManyRequests."""
    _spend(
        f"{what}:{organization}",
        per_minute,
        f"this organization has used its budget of {what}; please wait",
    )


def count_hash(account: str, address: str) -> None:
    """Count the hash of a password that an address asks for, right or wrong.

    A hash is made to take long: without a bound whoever knows one password keeps every processor
    busy with it. Wrong ones are few (`Guard`), so nobody uses up what is somebody else's. Raises
    TooManyRequests.
    """
    _spend(f"hashes:{digest(account)}:{group(address)}", _HASHES_A_MINUTE, _MANY_TRIES)


def _spend(whose: str, per_minute: int, sentence: str) -> None:
    counter = _counter()
    if counter is None:
        return
    key = f"budget:{whose}"
    answer = counter.run(_REQUEST, [key], per_minute, per_minute)
    wait = counter.local.spend(key, per_minute) if answer is None else float(answer[2])
    if wait > 0:
        raise TooManyRequests(sentence, max(1, ceil(wait)))


def is_within(what: str, whose: str, most: int, seconds: int) -> bool:
    """Count something and say whether it is among the first `most` of a span of time."""
    counter = _counter()
    if counter is None:
        return True
    key = f"count:{what}:{digest(whose)}"
    count = counter.run(_COUNT, [key], seconds)
    if count is None:
        count = counter.local.count(key, seconds)
    return bool(count <= most)


@dataclass(frozen=True, slots=True)
class Guard:
    """Limit on wrong guesses of a secret; nobody can be locked out by others.

    Each pair of account and address has `per_pair` wrong tries in a quarter of an hour, each
    address `per_address` over all accounts. Once an account has seen `hot` wrong tries in an hour,
    every address that it never came from has one: a botnet gets one guess for each of its
    addresses, and the owner on a new network still gets in at the first try. An address where the
    account succeeded in the last 90 days is held to its pair alone.
    """

    what: str
    per_pair: int = 10
    per_address: int = 100
    hot: int = 100

    def _keys(self, account: str, address: str) -> list[str]:
        whose, place = digest(account), group(address)
        return [
            f"try:{self.what}:{whose}:{place}",
            f"try:{self.what}:{place}",
            f"try:{self.what}:{whose}",
            f"known:{whose}",
        ]

    def take(self, account: str, address: str) -> None:
        """Count a try before it is answered. Raises TooManyRequests."""
        counter = _counter()
        if counter is None:
            return
        keys, place = self._keys(account, address), group(address)
        bounds = (self.per_pair, self.per_address, self.hot)
        milliseconds = [1000 * seconds for seconds in _WRONG_TRIES_COUNT_SECONDS]
        answer = counter.run(_TRY, keys, place, *bounds, *milliseconds)
        if answer is None:
            wait = counter.local.take(keys, place, self, _WRONG_TRIES_COUNT_SECONDS)
        else:
            wait = answer / 1000
        if wait:
            raise TooManyRequests(_MANY_TRIES, max(1, ceil(wait)))

    def give_back(self, account: str, address: str) -> None:
        """Say that the try was right, and count it no more."""
        counter = _counter()
        if counter is None:
            return
        keys = self._keys(account, address)
        if counter.run(_GIVE_BACK, keys, group(address)) is None:
            counter.local.give_back(keys)


def remember(account: str, address: str) -> None:
    """Remember that an account is at home at an address."""
    counter = _counter()
    if counter is not None:
        key = f"known:{digest(account)}"
        counter.local.know(key, group(address))
        counter.run(_KNOW, [key], group(address))
