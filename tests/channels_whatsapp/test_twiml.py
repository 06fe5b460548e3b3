from __future__ import annotations

from xml.etree import ElementTree

from channels_whatsapp import twiml


def test_an_empty_answer_is_an_empty_response() -> None:
    root = ElementTree.fromstring(twiml.empty())
    assert (root.tag, len(root)) == ("Response", 0)


def test_a_message_has_body_media_and_attributes() -> None:
    text = twiml.message("Tea & <cake>", ["https://a.example/1.jpg"], to="whatsapp:+447700900318")
    message = ElementTree.fromstring(text).find("Message")
    assert message is not None
    assert message.attrib == {"to": "whatsapp:+447700900318"}
    assert [(part.tag, part.text) for part in message] == [
        ("Body", "Tea & <cake>"), ("Media", "https://a.example/1.jpg"),
    ]  # fmt: skip


def test_a_message_may_be_media_alone() -> None:
    message = ElementTree.fromstring(twiml.message(media=["https://a.example/1.jpg"])).find("Message")
    assert message is not None
    assert [part.tag for part in message] == ["Media"]


def test_a_redirect_names_the_address_and_the_method() -> None:
    redirect = ElementTree.fromstring(twiml.redirect("https://a.example/?a=1&b=2", method="GET")).find(
        "Redirect"
    )
    assert redirect is not None
    assert (redirect.text, redirect.attrib) == ("https://a.example/?a=1&b=2", {"method": "GET"})


def test_an_answer_says_its_type_and_length() -> None:
    answer = twiml.answer(twiml.message("Grüße"), status=503)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
