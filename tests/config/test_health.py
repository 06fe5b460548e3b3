from __future__ import annotations

from django.test import Client


def test_the_process_says_it_is_up_without_a_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
