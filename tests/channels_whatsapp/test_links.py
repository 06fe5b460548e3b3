from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from channels_whatsapp import links
from channels_whatsapp.simulator import Simulator
from inbox import statuses
from inbox.models import Attachment, Conversation, Message, SendAttempt
from tests import world
from tests.jobs import run_due_jobs

PDF = b"%PDF-1.4 invoice"


def stored(conversation: Conversation, name: str = "Invoice März 2026.pdf", **fields: Any) -> Attachment:
    attachment = Attachment(
        conversation=conversation, state=Attachment.State.STORED, filename=name,
        **{"content_type": "application/pdf", "size": len(PDF), **fields},
    )  # fmt: skip
    attachment.file.save("x", ContentFile(PDF), save=False)
    attachment.save()
    return attachment


@pytest.fixture
def attempt(db: None) -> SendAttempt:
    message = world.message(world.conversation(), "", "outbound", kind="document")
    stored(message.conversation, message=message)
    return SendAttempt.objects.create(message=message)


@pytest.fixture
def path(attempt: SendAttempt) -> str:
    return urlsplit(links.url_for(attempt.message.attachments.get(), attempt)).path


def test_twilio_gets_the_file_without_signing_in(client: Client, path: str) -> None:
    response = client.get(path)
    assert b"".join(response) == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Length"] == str(len(PDF))
    assert response["Content-Disposition"] == 'inline; filename="Invoice_Marz_202.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert path.endswith("/Invoice_Marz_202.pdf")
    response.close()


def test_twilio_may_ask_for_the_headers_alone(client: Client, path: str) -> None:
    response = client.head(path)
    assert (response.status_code, response["Content-Length"]) == (200, str(len(PDF)))
    response.close()
    assert client.post(path).status_code == 405


def test_an_altered_link_leads_nowhere(client: Client, path: str) -> None:
    folder, name = path.rsplit("/", 1)
    for other in (f"{folder}x/{name}", f"{folder}/other.pdf", path.replace(folder[-30:-20], "A" * 10)):
        assert client.get(other).status_code == 404


def test_an_expired_link_leads_nowhere(client: Client, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LIFETIME", -1)
    assert client.get(path).status_code == 404


def test_a_link_is_bound_to_its_call(client: Client, attempt: SendAttempt) -> None:
    other = SendAttempt.objects.create(message=world.message(attempt.message.conversation, "", "outbound"))
    wrong = links.url_for(attempt.message.attachments.get(), other)
    assert client.get(urlsplit(wrong).path).status_code == 404


def test_a_file_that_is_not_stored_is_not_given(client: Client, path: str) -> None:
    Attachment.objects.update(state=Attachment.State.FAILED)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("filename", "content_type", "short"),
    [
        ("Invoice.pdf", "application/pdf", "Invoice.pdf"),
        ("a very long name of a file.pdf", "application/pdf", "a_very_long_name.pdf"),
        ("счёт.pdf", "application/pdf", "file.pdf"),
        ("../../etc/passwd", "image/png", "passwd.png"),
        ('x"; filename="y.exe', "image/jpeg", "x_filename_y.jpg"),
        ("", "audio/ogg", "file.ogg"),
        (
            "report.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "report.docx",
        ),
    ],
)
def test_names_are_short_plain_and_true_to_the_type(filename: str, content_type: str, short: str) -> None:
    assert links.short_name(Attachment(filename=filename, content_type=content_type)) == short
    assert len(short) <= links.LONGEST_NAME


def test_a_file_reaches_the_customer(sim: Simulator, talk: Any) -> None:
    conversation = talk()
    [message] = conversation.reply(by=None, files=[stored(conversation)])
    run_due_jobs()
    assert sim.wait_idle()
    at_twilio = list(sim.twilio.messages.values())[-1]
    assert [media.data for media in at_twilio.media] == [PDF]
    assert Message.objects.get(pk=message.pk).status == statuses.DELIVERED


def test_without_a_public_address_a_file_is_refused_in_words(
    sim: Simulator, talk: Any, settings: Any
) -> None:
    conversation = talk()
    [message] = conversation.reply(by=None, files=[stored(conversation)])
    settings.PUBLIC_BASE_URL = ""
    run_due_jobs()
    message = Message.objects.get(pk=message.pk)
    assert message.status == statuses.FAILED
    assert "PUBLIC_BASE_URL" in message.error
