"""A shop's history, written by the database itself: so many conversations, so many messages.

The same proportions at every size: 15 % of the conversations active, a dozen words a message out of
5,000, the common ones far more often than the rare, one message in twenty with a file, a quarter of them
in one conversation of fifty.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import UserManager
from django.db.backends.base.base import BaseDatabaseWrapper

from benchmarks.installation import WrongCount

SQL = Path(__file__).with_suffix(".sql").read_text()
TABLES = (
    "inbox_contact",
    "inbox_address",
    "inbox_window",
    "inbox_conversation",
    "inbox_message",
    "inbox_event",
    "inbox_attachment",
    "inbox_conversation_tags",
)


@dataclass(frozen=True)
class Size:
    conversations: int
    messages: int


SETTINGS = """
SET statement_timeout = 0;
SET synchronous_commit = off;
SET session_replication_role = replica;
SET maintenance_work_mem = '256MB';
SET work_mem = '64MB';
SELECT setseed(0.5);
"""


def fill(connection: BaseDatabaseWrapper, size: Size) -> None:
    """Load, with the indexes built at the end as `pg_restore` does, then vacuum and analyze.

    :raises WrongCount: when the tables do not hold exactly what was asked for.
    """
    # Dropped and made again as the migrations made them, so what is measured has every index of the product.
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) "
                       "AND indexdef NOT LIKE 'CREATE UNIQUE%%'", [list(TABLES)])  # fmt: skip
        indexes = cursor.fetchall()
        cursor.execute("; ".join(f'DROP INDEX "{name}"' for name, _ in indexes))
        script = SQL.replace(":conversations", str(size.conversations))
        cursor.execute(script.replace(":messages", str(size.messages)))
        cursor.execute("; ".join(definition for _, definition in indexes))
        cursor.execute("VACUUM ANALYZE")
    must_hold(connection, size)
    connection.close()  # and with it the settings that only loading may have


def must_hold(connection: BaseDatabaseWrapper, size: Size) -> None:
    expected = {"inbox_conversation": size.conversations, "inbox_contact": size.conversations,
                "inbox_message": size.messages, "inbox_event": size.messages // 2}  # fmt: skip
    with connection.cursor() as cursor:
        for table, count in expected.items():
            cursor.execute(f"SELECT count(*) FROM {table}")
            if (found := cursor.fetchone()[0]) != count:
                raise WrongCount(f"{table}: {found} rows, expected {count}")


def cookie_of(username: str = "agent1") -> str:
    """Sign somebody in, in the database in use; `agent1` is a lead. Returns the Cookie header."""
    from django.test import Client

    from inbox.models import Agent

    client = Client()
    people: UserManager[Agent] = Agent.objects
    client.force_login(people.get(username=username))
    return f"sessionid={client.cookies['sessionid'].value}"
