from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from inbox.models import Agent, Attachment, Conversation, Message
from inbox.uploads import discard_old
from tests import world
from tests.inbox.pages import HTMX
from tests.inbox.test_pictures import bomb, picture

pytestmark = pytest.mark.django_db


def upload(client: Client, conversation: Conversation, name: str, content: bytes, said: str = "") -> object:
    file = SimpleUploadedFile(name, content, said or "application/octet-stream")
    return client.post(f"/conversations/{conversation.pk}/uploads/", {"file": file}, headers=HTMX)


def waiting() -> Attachment:
    return Attachment.objects.get(message__isnull=True)


def test_a_photo_waits_in_the_tray_with_a_thumbnail(client: Client, conversation: Conversation) -> None:
    answer = upload(client, conversation, "lamp.jpg", picture().getvalue(), "image/jpeg")
    assert answer.status_code == 200
    file = waiting()
    assert (file.content_type, file.filename, file.width, file.height) == (
        "image/jpeg",
        "lamp.jpg",
        1000,
        500,
    )
    assert file.thumbnail.size > 0
    assert len(file.sha256) == 64
    assert f'value="{file.key}"' in answer.content.decode()


def test_it_is_sent_with_the_text_as_its_caption(client: Client, conversation: Conversation) -> None:
    upload(client, conversation, "lamp.jpg", picture().getvalue())
    form = {"body": "Like this?", "client_id": str(uuid.uuid4()), "files": [str(waiting().key)]}
    answer = client.post(f"/conversations/{conversation.pk}/messages/", form, headers=HTMX)
    assert answer.status_code == 200
    message = Message.objects.get()
    assert (message.kind, message.body, message.status) == ("image", "Like this?", "queued")
    assert message.attachments.get().filename == "lamp.jpg"
    assert not Attachment.objects.filter(message__isnull=True)


def test_each_file_becomes_one_message_in_order(client: Client, conversation: Conversation) -> None:
    upload(client, conversation, "one.pdf", b"%PDF-1.4 one")
    upload(client, conversation, "two.jpg", picture().getvalue())
    keys = [str(key) for key in Attachment.objects.order_by("pk").values_list("key", flat=True)]
    form = {"body": "Both", "client_id": str(uuid.uuid4()), "files": keys}
    client.post(f"/conversations/{conversation.pk}/messages/", form, headers=HTMX)
    kinds = list(Message.objects.order_by("id").values_list("kind", "body"))
    # A document takes no caption, so the text travels on its own.
    assert kinds == [("document", ""), ("image", ""), ("text", "Both")]


@pytest.mark.parametrize("form", ["WEBP", "GIF", "BMP"])
def test_a_picture_of_another_kind_becomes_a_jpeg(
    client: Client, conversation: Conversation, form: str
) -> None:
    answer = upload(client, conversation, f"lamp.{form.lower()}", picture(form).getvalue())
    assert answer.status_code == 200
    file = waiting()
    assert file.content_type == "image/jpeg"
    assert file.filename == f"lamp.{form.lower()}.jpg"
    with file.file.open() as stored:
        assert Image.open(stored).format == "JPEG"


def test_a_picture_that_is_too_big_is_made_smaller_and_says_so(
    client: Client, conversation: Conversation
) -> None:
    output = io.BytesIO()
    Image.effect_noise((2600, 2600), 90).save(output, "PNG")
    assert output.tell() > 5_000_000
    answer = upload(client, conversation, "noise.png", output.getvalue())
    assert "made smaller" in answer.content.decode()
    assert waiting().size <= 5_000_000


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("page.html", b"<!doctype html><script>alert(1)</script>", "does not take"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "does not take"),
        ("photo.jpg", b"<svg onload=alert(1)>", "does not take"),
        ("app.exe", b"MZ\x90\x00", "does not take"),
        ("photo.png", b"\x89PNG\r\n\x1a\n broken", "cannot be read"),
        ("bomb.png", bomb(30_000).getvalue(), "cannot be read"),
        ("empty.pdf", b"", "empty|No file|does not take"),
        ("film.mp4", b"\x00\x00\x00\x18ftypisom" + b"x" * 16_100_000, "WhatsApp takes 16 MB"),
    ],
)
def test_what_whatsapp_would_refuse_is_refused_in_words(
    client: Client, conversation: Conversation, name: str, content: bytes, says: str
) -> None:
    answer = upload(client, conversation, name, content)
    assert answer.status_code == 422
    assert answer.headers["X-Refused"]
    assert any(part in answer.content.decode() for part in says.split("|"))
    assert not Attachment.objects.exists()


def test_a_gif_that_is_also_a_script_leaves_as_a_plain_jpeg(
    client: Client, conversation: Conversation
) -> None:
    content = picture("GIF").getvalue() + b"/*<script>*/=1;alert(1)"
    assert upload(client, conversation, "x.gif", content).status_code == 200
    with waiting().file.open() as stored:
        assert b"alert" not in stored.read()


def test_hostile_names_never_reach_the_disk(client: Client, conversation: Conversation) -> None:
    upload(client, conversation, "\u200b.htaccess\u202egpj.pdf", b"%PDF-1.4")
    file = waiting()
    assert file.filename == "htaccessgpj.pdf"
    assert file.file.name == f"attachments/{file.key.hex[:2]}/{file.key.hex}"


def test_the_tray_has_an_end(client: Client, conversation: Conversation) -> None:
    for _ in range(10):
        assert upload(client, conversation, "a.pdf", b"%PDF-1.4").status_code == 200
    assert upload(client, conversation, "a.pdf", b"%PDF-1.4").status_code == 422


def test_a_file_is_taken_out_with_what_was_stored(client: Client, conversation: Conversation) -> None:
    upload(client, conversation, "a.pdf", b"%PDF-1.4")
    file = waiting()
    storage, name = file.file.storage, file.file.name
    assert client.delete(f"/uploads/{file.key}/", headers=HTMX).status_code == 200
    assert not Attachment.objects.exists()
    assert not storage.exists(name)


def test_nobody_reaches_into_a_colleagues_tray(client: Client, conversation: Conversation) -> None:
    upload(client, conversation, "a.pdf", b"%PDF-1.4")
    file = waiting()
    other = Client()
    other.force_login(world.agent("priya"))
    assert other.delete(f"/uploads/{file.key}/", headers=HTMX).status_code == 404
    form = {"body": "", "files": [str(file.key)], "client_id": str(uuid.uuid4())}
    answer = other.post(f"/conversations/{conversation.pk}/messages/", form, headers=HTMX)
    assert answer.status_code == 422
    assert not Message.objects.exists()


def test_a_browser_without_scripts_sends_the_file_with_the_form(
    client: Client, conversation: Conversation
) -> None:
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.4", "application/pdf")
    form = {"body": "Here", "client_id": str(uuid.uuid4()), "file": file}
    answer = client.post(f"/conversations/{conversation.pk}/messages/", form)
    assert answer.status_code == 302
    assert [m.kind for m in Message.objects.order_by("id")] == ["document", "text"]


def test_a_sent_file_cannot_be_discarded(client: Client, agent: Agent) -> None:
    conversation = world.conversation(left=timedelta(hours=2))
    message = world.message(conversation, direction="outbound", kind="document")
    file = Attachment.objects.create(conversation=conversation, message=message, uploaded_by=agent)
    assert client.delete(f"/uploads/{file.key}/", headers=HTMX).status_code == 404


def test_what_nobody_sent_for_a_day_goes_with_what_was_stored(
    client: Client, conversation: Conversation
) -> None:
    upload(client, conversation, "a.pdf", b"%PDF-1.4")
    file = waiting()
    assert discard_old() == 0
    Attachment.objects.update(created_at=file.created_at - timedelta(days=1, minutes=1))
    assert discard_old() == 1
    assert not Attachment.objects.exists()
    assert not file.file.storage.exists(file.file.name)
