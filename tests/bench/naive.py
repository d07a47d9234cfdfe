"""The baseline: an RQ job for each check, one requests.get and one INSERT in it."""

import os

import psycopg
import requests
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer


def check(endpoint: str) -> None:
    """Check one endpoint and store the result."""
    answer = requests.get(endpoint, timeout=10)
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute(
            "INSERT INTO naive_results VALUES (now(), %s, %s)",
            (answer.status_code, answer.elapsed.total_seconds() * 1000),
        )


if __name__ == "__main__":
    redis = Redis.from_url(os.environ["REDIS_URL"])
    queue = Queue("naive", connection=redis, serializer=JSONSerializer)
    SimpleWorker([queue], connection=redis, serializer=JSONSerializer).work(logging_level="WARNING")
