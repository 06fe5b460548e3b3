from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import pre_migrate


def patience() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_a_migration_may_take_longer_than_a_page() -> None:
    during = []
    assert patience() == "10s"

    def look(**words: object) -> None:
        during.append(patience())

    pre_migrate.connect(look)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        pre_migrate.disconnect(look)
    assert set(during) == {"0"}
    assert patience() == "10s"
