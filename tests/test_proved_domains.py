"""Hosts of pages that were verified before TXT records were told apart go on being served."""

from uuid import uuid4

import psycopg
from alembic import command

from tests.bench.world import seed_services
from tests.test_migrations import alembic_for

PAGE = """
INSERT INTO status_pages (id, organization_id, name, slug, description, is_public, branding,
    sections, services, custom_domain, domain_token, domain_verified_at, domain_checked_at,
    show_uptime_days, theme, language, timezone, links, show, layout, auto_incidents, notify,
    allow_subscribe, is_indexed, custom_css, badge_key)
SELECT %(id)s, id, 'Acme', %(slug)s, '', true, '{}', '[]', '{}', %(host)s, 'token',
    %(verified)s::timestamptz, now(), 90, 'auto', 'en', 'UTC', '{}', '{}', 'list', '{}', '{}',
    true, true, '', %(slug)s
FROM organizations LIMIT 1
"""
HOSTS = """
SELECT slug, domain_verified_at IS NOT NULL, domain_checked_at IS NULL, {more}
FROM status_pages ORDER BY slug
"""


def test_verified_hosts_stay_and_are_looked_up_at_once(empty_database_url):
    config = alembic_for(empty_database_url)
    command.upgrade(config, "0029")
    url = empty_database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        seed_services(connection, [])
        for slug, host, verified in (
            ("served", "a.example", "2026-11-01"),
            ("waiting", "b.example", None),
            ("without", None, None),
        ):
            page = {"id": uuid4(), "slug": slug, "host": host, "verified": verified}
            connection.execute(PAGE, page)
        command.upgrade(config, "0030")
        found = connection.execute(HOSTS.format(more="domain_has_txt")).fetchall()
        assert found == [
            ("served", True, True, False),
            ("waiting", False, True, False),
            ("without", False, False, False),
        ]
        command.downgrade(config, "0029")
        found = connection.execute(HOSTS.format(more="custom_domain")).fetchall()
        assert [row[1] for row in found] == [True, False, False]
