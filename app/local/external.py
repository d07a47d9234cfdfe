"""Check of the servers named by DATABASE_URL and REDIS_URL. Prints a sentence when one is away,
or is not fit for the program.

A process of its own, because importing both drivers would delay every other start by a second.
"""

import os
import sys

import psycopg
import redis

from app.platform.redis_client import connect
from app.platform.server_requirements import lacking_in_database, lacking_in_redis

TIMEOUT_SECONDS = 3


def check_database(url: str) -> str | None:
    """What the database lacks, as a sentence. Raises psycopg.Error."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain, connect_timeout=TIMEOUT_SECONDS) as connection:
        return lacking_in_database(connection)


def check_redis(url: str) -> str | None:
    """What the server lacks, as a sentence.

    Raises redis.RedisError, or ValueError for a URL that makes no sense.
    """
    with connect(url, timeout_seconds=TIMEOUT_SECONDS) as client:
        return lacking_in_redis(client)


def main() -> int:
    """Check what is set; one sentence and code 1 when a server does not answer."""
    for name in ("DATABASE_URL", "DATABASE_DIRECT_URL"):
        try:
            if (url := os.environ.get(name)) and (lacking := check_database(url)):
                print(f"{name}: the database cannot be used: {lacking}")
                return 1
        except psycopg.Error as error:
            print(f"{name}: the database cannot be reached: {_first_line(error)}")
            return 1
    try:
        if (url := os.environ.get("REDIS_URL")) and (lacking := check_redis(url)):
            print(f"REDIS_URL: the Redis server cannot be used: {lacking}")
            return 1
    except (redis.RedisError, ValueError, OSError) as error:
        print(f"REDIS_URL: the Redis server cannot be reached: {_first_line(error)}")
        return 1
    return 0


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".") + "."


if __name__ == "__main__":
    sys.exit(main())
