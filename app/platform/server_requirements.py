"""Requirements on the servers: what their versions and settings must be, each as one sentence."""

from typing import Any

import psycopg
import redis

OLDEST_POSTGRESQL = 14
OLDEST_REDIS = 7

_DATABASE = """
SELECT current_setting('server_version_num')::int / 10000, pg_encoding_to_char(encoding),
    pg_is_in_recovery(), has_schema_privilege(current_schema(), 'CREATE')
FROM pg_database WHERE datname = current_database()
"""


def lacking_in_database(connection: psycopg.Connection[Any]) -> str | None:
    """What keeps the program from working on a database; None when nothing does.

    Raises psycopg.Error.
    """
    ((major, encoding, is_standby, may_create),) = connection.execute(_DATABASE).fetchall()
    if isinstance(encoding, bytes):  # the driver decodes no text of a database of SQL_ASCII
        encoding = encoding.decode("ascii")
    if major < OLDEST_POSTGRESQL:
        return f"it is PostgreSQL {major}, and {OLDEST_POSTGRESQL} or newer is needed."
    if encoding != "UTF8":
        return f"its encoding is {encoding}; create one with ENCODING 'UTF8' TEMPLATE template0."
    if is_standby:
        return "it is a standby, which takes no writes; name the primary."
    if not may_create:
        return "its user may not create tables; GRANT CREATE ON SCHEMA public to it."
    return None


def lacking_in_redis(client: redis.Redis) -> str | None:
    """What keeps the program from working on a Redis server; None when nothing does.

    Raises redis.RedisError.
    """
    server = client.info("server")
    version = str(server.get("valkey_version") or server["redis_version"])
    if int(version.split(".")[0]) < OLDEST_REDIS:
        return f"it is version {version}, and {OLDEST_REDIS} or newer is needed."
    if server.get("redis_mode") == "cluster":
        return "it is a cluster, whose keys are spread; name a single server."
    if client.info("replication").get("role") == "slave":
        return "it is a replica, which takes no writes; name the primary."
    return None
