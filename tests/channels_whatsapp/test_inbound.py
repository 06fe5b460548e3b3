from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_whatsapp import forms, inbound
from channels_whatsapp.models import Receipt
from inbox.models import Attachment, Message
from tests import world
from tests.channels_whatsapp.posting import (
    BASE,
    FORM,
    PATH,
    fixture,
    headers,
    post_fields,
    post_signed,
    sid_of,
)

# kind and body of each fixture; what else it must say
TABLE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "text": ("text", "Hello, my order has not arrived yet.", {"user_id": "whatsapp:GB.1349000000000000318"}),
    "image": ("image", "This is the scratch", {"types": ["image/jpeg"], "names": [""]}),
    "video": ("video", "", {"types": ["video/mp4"]}),
    "audio": ("audio", "", {"types": ["audio/ogg"]}),
    "document": ("document", "", {"types": ["application/pdf"], "names": ["Invoice 2041.pdf"]}),
    "document_image": ("document", "", {"types": ["image/jpeg"], "names": ["photo of the box.jpg"]}),
    "location": ("location", "", {"payload": {"Latitude": "51.5079", "Label": "Borough Market"}}),
    "contacts": ("contacts", "", {"types": ["text/vcard"]}),
    "sticker": ("sticker", "", {"types": ["image/webp"]}),
    "button": ("button", "Track my order", {"reply_to_sid": sid_of("quoted"), "payload": {"ButtonPayload": "track-2041"}}),  # noqa: E501
    "list": ("list", "Refund", {"payload": {"ListId": "refund"}}),
    "flow": ("interactive", "", {"payload": {"answers": {"size": "L", "colour": "oak"}}}),
    "referral": ("text", "Is this still available?", {"referral": "120210000000000001"}),
    "forwarded": ("text", "Is this you?", {"payload": {"forwarded": "once"}}),
    "forwarded_often": ("text", "Is this you?", {"payload": {"forwarded": "often"}}),
    "quoting": ("text", "Yes, that one", {"reply_to_sid": sid_of("quoted")}),
    "hidden_phone": ("text", "Hello", {"address": "whatsapp:GB.1349000000000000318"}),
    "unsupported": ("unsupported", "", {}),
    "media_stripped": ("unsupported", "", {"types": []}),
    "stop": ("text", "STOP", {"consent": "opt_out", "consent_source": "keyword"}),
    "opt_out_type": ("text", "remove me", {"consent": "opt_out", "consent_source": "twilio"}),
    "start": ("text", "Start", {"consent": "opt_in"}),
    "service": ("text", "Hello", {}),
    "unknown_parameters": ("unsupported", "", {"payload": {"CatalogId": "77"}}),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_every_kind_of_message_is_read(name: str) -> None:
    kind, body, more = TABLE[name]
    params = fixture(f"inbound/{name}")
    arrival = inbound.parse(params, 1)
    assert (arrival.kind, arrival.body) == (kind, body)
    assert params.items() <= arrival.payload.items()
    assert arrival.payload.items() >= more.pop("payload", {}).items()
    assert [file.content_type for file in arrival.files] == more.pop("types", [])
    if "names" in more:
        assert [file.filename for file in arrival.files] == more.pop("names")
    if "referral" in more:
        assert arrival.payload["referral"]["SourceId"] == more.pop("referral")
    else:
        assert "referral" not in arrival.payload
    for field, value in more.items():
        assert getattr(arrival, field) == value


def test_the_table_names_every_fixture() -> None:
    from tests.channels_whatsapp.posting import FIXTURES

    assert {path.stem for path in (FIXTURES / "inbound").glob("*.json")} == set(TABLE)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"NumMedia": "many", "MediaUrl0": "https://x", "MediaContentType0": "image/png"}, "image"),
        ({"MediaUrl0": "https://x"}, "document"),
        ({"MediaUrl0": "https://x", "MediaContentType0": "IMAGE/JPEG; x=y", "MessageType": ""}, "image"),
        ({"MediaUrl0": "https://x", "MediaContentType0": "application/zip", "MessageType": ""}, "document"),
        ({"Body": " \n\t"}, "unsupported"),
        ({"Latitude": "1"}, "text"),
        ({"ListTitle": "Only a title", "Body": ""}, "list"),
        ({"ButtonText": "Only text", "Body": ""}, "button"),
        ({"FlowData": "{broken", "Body": ""}, "interactive"),
        ({"FlowData": "[" * 50_000, "Body": ""}, "interactive"),
        ({"FlowData": '[NaN, Infinity, 1e999, "\\u0000"]', "Body": ""}, "interactive"),
        ({"MessageType": "reaction"}, "text"),
    ],
)
def test_odd_parameters_still_make_a_message(changes: dict[str, str], kind: str) -> None:
    assert inbound.parse(fixture("inbound/text", **changes), 1).kind == kind


def test_ten_files_of_one_message_are_all_kept() -> None:
    many = {f"MediaUrl{n}": f"https://x/{n}" for n in range(12)}
    assert len(inbound.parse(fixture("inbound/image", **many), 1).files) == 10


@pytest.mark.parametrize(
    "body",
    ["stop", "STOP", " Stop. ", "StopAll", "unsubscribe", "CANCEL", "end", "Quit!", "Stopp", "ARRÊT", "baja",
     "sair", "стоп", "توقف", "停止", "Abmelden"],
)  # fmt: skip
def test_a_stop_word_alone_opts_out(body: str) -> None:
    assert inbound.parse(fixture("inbound/text", Body=body), 1).consent == "opt_out"


@pytest.mark.parametrize(
    "body",
    [
        "stop, it is still broken",
        "please stop",
        "end of story",
        "cancel my order",
        "",
        "s t o p",
        "st\u200bop",
    ],
)
def test_a_stop_word_within_a_sentence_is_an_ordinary_message(body: str) -> None:
    assert inbound.parse(fixture("inbound/text", Body=body), 1).consent == ""


def test_a_document_without_a_name_has_none() -> None:
    [file] = inbound.parse(fixture("inbound/document", Body=""), 1).files
    assert file.filename == ""


# 120 hostile inputs: 12 texts through 10 parameters

HOSTILE = [
    "<script>alert(1)</script>", "'; DROP TABLE inbox_message; --", "\x00", "a\x00b", "\ud800", "\u202e\u2066evil",  # noqa: E501
    "%s %(sid)s {0} {{x}}", "𝕳" * 800, "\r\nX-Evil: 1", "\\x00\\u0000", '{"a": "\\u0000"}', "A" * 5000,
]  # fmt: skip
PLACES = [
    "Body", "ProfileName", "WaId", "ButtonPayload", "MessageType", "FlowData", "Latitude", "MediaUrl0",
    "OriginalRepliedMessageSid", "Brand New",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_stored_and_breaks_nothing(place: str, text: str) -> None:
    world.channel()
    fields = fixture("inbound/text", **{place: text})
    no_text = "\ud800" in text
    answer = post_bytes(fields | {place: "?"}, place, b"%ED%A0%80") if no_text else post_fields(fields)
    assert answer.status_code == 200
    assert Receipt.objects.get().outcome == "applied"
    stored = Message.objects.get().payload[place]
    assert no_text or stored == forms.storable(text)


def post_bytes(fields: dict[str, Any], place: str, encoded: bytes) -> Any:
    """A value that no text can hold, signed over its bytes."""
    from django.test import Client

    from channels_whatsapp import signature
    from tests.conftest import AUTH_TOKEN

    pairs = [(k, quote_from_bytes(str(v).encode()).encode()) for k, v in fields.items() if k != place]
    body = b"&".join(quote_from_bytes(k.encode()).encode() + b"=" + v for k, v in [*pairs, (place, encoded)])
    signed = {"X-Twilio-Signature": signature.sign(AUTH_TOKEN, f"{BASE}{PATH}", forms.read(body))}
    return Client().generic("POST", PATH, body, content_type=FORM, headers=signed)


@pytest.mark.django_db
def test_bytes_that_are_no_text_are_kept_as_they_came() -> None:
    world.channel()
    assert post_bytes(fixture("inbound/text"), "Body", b"caf%E9 %00 \xff").status_code == 200
    assert Message.objects.get().body == "caf\\xe9 \\x00 \\xff"
    assert Receipt.objects.get().params["_raw"].endswith("Body=caf%E9+%00+%FF".replace("+", "%20"))


@pytest.mark.django_db
def test_a_sender_that_reads_broken_bytes_as_question_marks_is_believed_too() -> None:
    from django.http import QueryDict
    from django.test import Client

    world.channel()
    fields = fixture("inbound/text", Body=None)
    body = "&".join([*(f"{k}={quote_from_bytes(v.encode())}" for k, v in fields.items()), "Body=caf%E9"])
    signed = headers(f"{BASE}{PATH}", QueryDict(body))
    assert Client().generic("POST", PATH, body, content_type=FORM, headers=signed).status_code == 200


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extra=st.dictionaries(anything, anything, max_size=5), body=anything, name=anything)
def test_whatever_twilio_adds_a_message_is_visible(extra: dict[str, str], body: str, name: str) -> None:
    if not inbound.Sender.objects.exists():
        world.channel()
    required = fixture("inbound/text", MessageSid=sid_of(json.dumps([extra, body, name])))
    fields = {**extra, **required, "Body": body, "ProfileName": name}
    assert post_fields(fields).status_code == 200
    assert Message.objects.filter(sid=fields["MessageSid"]).exists()


@given(
    st.recursive(
        st.text(st.characters()) | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_what_is_stored_can_be_stored(value: Any) -> None:
    text = json.dumps(forms.storable(value), ensure_ascii=False)
    assert "\x00" not in text
    assert "\\u0000" not in json.dumps(forms.storable(value)).replace("\\\\", "")
    text.encode()


@pytest.mark.django_db
def test_a_file_waits_to_be_fetched_and_the_text_does_not() -> None:
    world.channel()
    post_signed("inbound/image")
    message = Message.objects.get()
    file = Attachment.objects.get()
    assert (message.body, file.state, file.declared_type) == ("This is the scratch", "pending", "image/jpeg")
    assert file.conversation_id == message.conversation_id


@pytest.mark.parametrize(
    ("name", "changes", "asks"),
    [
        ("button", {"Body": "Stop promotions", "ButtonText": "Stop promotions"}, True),
        ("button", {"Body": "Cancel", "ButtonText": "Cancel"}, None),
        ("image", {"Body": "STOP"}, True),
        ("image", {"Body": "please stop writing to me"}, True),
        ("image", {"Body": "the bus stop here"}, None),
        ("location", {"Body": "STOP"}, None),
    ],
)
def test_what_may_ask_to_stop_is_asked_about_wherever_it_stands(
    name: str, changes: dict[str, str], asks: bool | None
) -> None:
    told = inbound.parse(fixture(f"inbound/{name}", **changes), 1)
    assert (told.payload.get("asks_to_stop"), told.consent) == (asks, "")
