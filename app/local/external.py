"""Check of the servers named by DATABASE_URL and REDIS_URL. Prints a sentence when one is away.

A process of its own, because importing both drivers would delay every other start by a second.
"""

import os
import sys

import psycopg
import redis

TIMEOUT_SECONDS = 3


def check_database(url: str) -> None:
    """Raises psycopg.Error."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    psycopg.connect(plain, connect_timeout=TIMEOUT_SECONDS).close()


def check_redis(url: str) -> None:
    """Raises redis.RedisError, or ValueError for a URL that makes no sense."""
    client = redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS
    )
    client.ping()
    client.close()


def main() -> int:
    """Check what is set; one sentence and code 1 when a server does not answer."""
    try:
        if url := os.environ.get("DATABASE_URL"):
            check_database(url)
    except psycopg.Error as error:
        print(f"DATABASE_URL: the database cannot be reached: {_first_line(error)}")
        return 1
    try:
        if url := os.environ.get("REDIS_URL"):
            check_redis(url)
    except (redis.RedisError, ValueError, OSError) as error:
        print(f"REDIS_URL: the Redis server cannot be reached: {_first_line(error)}")
        return 1
    return 0


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".") + "."


if __name__ == "__main__":
    sys.exit(main())
