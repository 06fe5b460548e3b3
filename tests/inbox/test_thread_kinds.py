from __future__ import annotations

import html
import io
import re

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from inbox import pictures
from inbox.models import Agent, Attachment, Contact, Conversation, Message
from tests import world
from tests.inbox.pages import bubble, thread, words
from tests.inbox.test_pictures import picture

pytestmark = pytest.mark.django_db


# Kinds


def with_file(
    message: Message, content: bytes, content_type: str, name: str = "", **fields: object
) -> Attachment:
    file = Attachment(
        conversation=message.conversation,
        message=message,
        state="stored",
        content_type=content_type,
        filename=name,
        size=len(content),
        **fields,
    )
    file.file.save("", ContentFile(content), save=False)
    if content_type.startswith("image/"):
        file.thumbnail.save("", ContentFile(pictures.thumbnail(io.BytesIO(content))[0]), save=False)
    file.save()
    return file


def test_a_photo_shows_its_thumbnail_and_leads_to_the_original(
    client: Client, conversation: Conversation
) -> None:
    message = world.message(conversation, "The shade arrived *cracked*", kind="image")
    file = with_file(message, picture().getvalue(), "image/jpeg")
    shown = bubble(client, message)
    assert f'src="/media/{file.key}/thumb/"' in shown
    assert f'href="/media/{file.key}/" data-lightbox' in shown
    assert "<strong>cracked</strong>" in shown


@pytest.mark.parametrize(
    ("kind", "content_type", "element"), [("audio", "audio/ogg", "<audio"), ("video", "video/mp4", "<video")]
)
def test_voice_and_video_play_in_the_bubble(
    client: Client, conversation: Conversation, kind: str, content_type: str, element: str
) -> None:
    message = world.message(conversation, "", kind=kind)
    file = with_file(message, b"x", content_type)
    shown = bubble(client, message)
    assert f"{element}" in shown
    assert f'src="/media/{file.key}/"' in shown
    assert " controls" in shown


def test_a_document_says_its_name_and_size(client: Client, conversation: Conversation) -> None:
    message = world.message(conversation, "", kind="document")
    with_file(message, b"%PDF" * 1000, "application/pdf", "form.pdf")
    assert "PDF form.pdf 3.9 KB" in words(bubble(client, message))


def test_a_location_is_drawn_here_and_leads_to_a_map_elsewhere(
    client: Client, conversation: Conversation
) -> None:
    payload = {"Latitude": "51.5", "Longitude": "-0.12", "Label": "Flat 2", "Address": "18 Larkspur Mews"}
    shown = bubble(client, world.message(conversation, "", kind="location", payload=payload))
    assert "Flat 2 18 Larkspur Mews 51.50000, -0.12000" in words(shown)
    assert 'target="_blank" rel="noopener noreferrer nofollow"' in shown
    assert 'src="/static/img/map.svg"' in shown


@pytest.mark.parametrize("latitude", ["north", "999", "", "nan"])
def test_a_location_that_makes_no_sense_is_shown_as_what_came(
    client: Client, conversation: Conversation, latitude: str
) -> None:
    payload = {"Latitude": latitude, "Longitude": "1", "Label": "Somewhere"}
    shown = words(bubble(client, world.message(conversation, "", kind="location", payload=payload)))
    assert "cannot show this kind" in shown
    assert "Somewhere" in shown


def test_a_contact_card_shows_names_and_numbers(client: Client, conversation: Conversation) -> None:
    message = world.message(conversation, "", kind="contacts")
    with_file(message, b"BEGIN:VCARD\nFN:Idris <b>\nTEL:+44 7700 900455\nEND:VCARD", "text/vcard", "c.vcf")
    shown = words(bubble(client, message))
    assert "Idris <b>" in shown
    assert "+44 7700 900455" in shown


def test_a_sticker_is_a_small_picture(client: Client, conversation: Conversation) -> None:
    message = world.message(conversation, "", kind="sticker")
    with_file(message, picture("WEBP").getvalue(), "image/webp")
    assert 'class="sticker"' in bubble(client, message)


@pytest.mark.parametrize(
    ("kind", "payload", "says"),
    [
        ("button", {"ButtonText": "Yes"}, "Pressed a button Yes"),
        ("list", {"ListDescription": "Royal blue"}, "Chose from a list Yes"),
        ("list", {"ListDescription": "Royal blue"}, "Royal blue"),
        (
            "interactive",
            {"answers": {"size": "L", "colours": ["red", "blue"]}},
            "size L colours · 1 red colours · 2 blue",
        ),
        (
            "unsupported",
            {"MessageType": "order", "OrderText": "3 lamps", "MessageSid": "SM1"},
            "OrderText 3 lamps",
        ),
        ("template", {"name": "order_shipped", "content_sid": "HX1"}, "Template · order_shipped Yes"),
        (
            "template",
            {
                "name": "x",
                "shown": {"header": "Head", "body": "Body", "footer": "Foot", "buttons": [{"title": "Go"}]},
            },
            "Template · x Head Body Foot",
        ),
        ("text", {"forwarded": "often"}, "Forwarded many times Yes"),
        ("text", {"forwarded": "once"}, "Forwarded Yes"),
        (
            "text",
            {"referral": {"Headline": "Lamps", "SourceUrl": "https://fb.me/x"}},
            "Came from an advertisement Lamps",
        ),
    ],
)
def test_what_a_message_carries_beyond_text_is_shown(
    client: Client, conversation: Conversation, kind: str, payload: dict[str, object], says: str
) -> None:
    shown = bubble(client, world.message(conversation, "Yes", kind=kind, payload=payload))
    assert says in words(shown)
    assert "SM1" not in shown


def test_an_advertisement_leads_to_the_web_only(client: Client, conversation: Conversation) -> None:
    payload = {"referral": {"Headline": "x", "SourceUrl": "javascript:alert(1)"}}
    assert "javascript:" not in bubble(client, world.message(conversation, "x", payload=payload))


@pytest.mark.parametrize(
    "payload", [{"answers": [[[[[[["deep"]]]]]]]}, {"answers": "x"}, {"referral": 7}, {"forwarded": []}]
)
def test_a_payload_of_nonsense_breaks_nothing(
    client: Client, conversation: Conversation, payload: dict[str, object]
) -> None:
    assert "Yes" in bubble(client, world.message(conversation, "Yes", kind="interactive", payload=payload))


def test_a_quote_shows_what_it_answers_and_jumps_there(client: Client, conversation: Conversation) -> None:
    first = world.message(conversation, "The shade arrived cracked", kind="image")
    file = with_file(first, picture().getvalue(), "image/jpeg")
    shown = bubble(client, world.message(conversation, "So?", reply_to=first, reply_to_sid="SM1"))
    assert f'href="#message-{first.pk}" data-quote="{first.pk}"' in shown
    assert "Nour Haddadine The shade arrived cracked" in words(shown)
    assert f"/media/{file.key}/thumb/" in shown


def test_a_quote_of_what_we_do_not_have_is_shown_as_such(client: Client, conversation: Conversation) -> None:
    shown = bubble(client, world.message(conversation, "So?", reply_to_sid="SM1"))
    assert "A message that is not in this inbox" in words(shown)


def test_a_quote_says_who_wrote_what_it_answers(
    client: Client, conversation: Conversation, agent: Agent
) -> None:
    for author, who in ((agent, "You"), (None, conversation.channel.name)):
        quoted = world.message(conversation, "Good morning", "outbound", author=author)
        shown = bubble(client, world.message(conversation, "So?", reply_to=quoted, reply_to_sid="SM1"))
        assert f"{who} Good morning" in words(shown)


def test_a_note_is_told_apart(client: Client, conversation: Conversation, agent: Agent) -> None:
    shown = bubble(client, world.message(conversation, "Careful", "note", author=agent))
    assert "msg--note" in shown
    assert "Private note Careful You" in words(shown)


def test_a_recovered_message_says_so(client: Client, conversation: Conversation) -> None:
    assert "Recovered" in words(bubble(client, world.message(conversation, recovered=True)))


def test_media_on_the_way_and_media_that_failed_say_what_happens(
    client: Client, conversation: Conversation
) -> None:
    message = world.message(conversation, "", kind="image")
    file = Attachment.objects.create(conversation=conversation, message=message)
    assert "Being fetched" in words(bubble(client, message))
    Attachment.objects.filter(pk=file.pk).update(state="failed", error="Twilio answered 404.")
    shown = bubble(client, message)
    assert "The file could not be fetched Twilio answered 404. Try again" in words(shown)
    assert f'action="/media/{file.key}/fetch/"' in shown


# Strangers' words

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' hx-get='/x' hx-trigger='load",
    "<b hx-on:click=alert(1)>",
    "{{ 7|add:7 }}{% debug %}",
    "\u202egpj.exe",
    "javascript:alert(1)",
    "</textarea></template><svg onload=alert(1)>",
]


@pytest.mark.parametrize("word", HOSTILE)
def test_a_strangers_word_is_a_word_wherever_it_stands(client: Client, agent: Agent, word: str) -> None:
    Agent.objects.filter(pk=agent.pk).update(first_name=word[:30])
    customer = world.contact(word)
    Contact.objects.filter(pk=customer.pk).update(
        profile_name=f"p {word}", attributes={word: word}, language=word[:16]
    )
    conversation = world.conversation(customer)
    payload = {
        "Label": word,
        "Latitude": "1",
        "Longitude": "1",
        "forwarded": word,
        "referral": {"Headline": word},
        "answers": {word: word},
        "ListDescription": word,
        "content_sid": word,
        "name": word,
        word: word,
    }
    quoted = world.message(conversation, word)
    for kind in Message.Kind.values:
        message = world.message(
            conversation, word, kind=kind, payload=payload, reply_to=quoted, reply_to_sid="x"
        )
        Attachment.objects.create(
            conversation=conversation, message=message, filename=word, state="failed", error=word
        )
    world.message(conversation, word, "outbound", status="failed", error=word, error_code=1)
    world.message(conversation, word, "note", author=agent)
    world.message(conversation, word, "system")
    conversation.tags.create(name=word[:40])
    page = thread(client, conversation)
    for tag in re.findall(r"<[a-zA-Z][^>]*>", page):
        attributes = re.sub(r'="[^"]*"', "", tag)
        assert not re.search(r"\son\w|alert|\shx-on", attributes)
    assert "<script>alert" not in page
    assert "<svg onload" not in page
    assert 'href="javascript' not in page
    assert html.escape(word) in page or word in html.unescape(page)
