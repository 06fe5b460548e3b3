"""What a customer can do: write every kind of message, tap, quote, leave. For tests and the phone page."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from . import samples, video
from .errors import TwilioError
from .records import Customer, Media, Message, Sender

if TYPE_CHECKING:
    from .running import Simulator

#: kind -> (content type, file name, maker) of the file sent when none is given.
SAMPLES: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "image": ("image/jpeg", "photo.jpg", samples.photo),
    "audio": ("audio/ogg", "voice.ogg", samples.voice),
    "video": ("video/mp4", "video.mp4", video.clip),
    "document": ("application/pdf", "Invoice 2041.pdf", samples.document),
    "contacts": ("text/vcard", "contact.vcf", samples.vcard),
    "sticker": ("image/webp", "sticker.webp", samples.sticker),
}


@dataclass
class CustomerHandle:
    """A customer as a test holds them. Every `send_…` posts the webhook in the background.

    `to` picks the sender, by address; the account's first sender otherwise. Each returns the
    `Message`, whose `sid` is the MessageSid of the webhook.
    """

    sim: Simulator
    customer: Customer

    @property
    def address(self) -> str:
        return self.customer.address

    @property
    def user_id(self) -> str:
        return self.customer.user_id

    @property
    def received(self) -> list[Message]:
        """What the business sent here, oldest first, whatever became of it."""
        return [m for m in self.sim.twilio.messages.values() if m.customer is self.customer and not m.inbound]

    def send_text(self, body: str, *, to: str = "", **params: str) -> Message:
        return self.send("text", body, to=to, params=params)

    def send_image(
        self, caption: str = "", *, to: str = "", data: bytes | None = None, content_type: str = ""
    ) -> Message:
        return self.send("image", caption, to=to, data=data, content_type=content_type)

    def send_voice(self, *, to: str = "") -> Message:
        return self.send("audio", to=to)

    def send_video(self, caption: str = "", *, to: str = "") -> Message:
        return self.send("video", caption, to=to)

    def send_document(
        self,
        name: str = "Invoice 2041.pdf",
        *,
        to: str = "",
        data: bytes | None = None,
        content_type: str = "",
    ) -> Message:
        """WhatsApp puts the file's name into Body."""
        return self.send("document", name, to=to, data=data, content_type=content_type, name=name)

    def send_contact(
        self, name: str = "Bench workshop", phone: str = "+44 7700 900300", *, to: str = ""
    ) -> Message:
        return self.send(
            "contacts", to=to, data=samples.vcard(name, phone), shown={"person": name, "phone": phone}
        )

    def send_sticker(self, *, to: str = "") -> Message:
        return self.send("sticker", to=to)

    def send_location(
        self,
        latitude: float = 51.5079,
        longitude: float = -0.0877,
        label: str = "",
        address: str = "",
        *,
        to: str = "",
    ) -> Message:
        place = {"Latitude": str(latitude), "Longitude": str(longitude), "Label": label, "Address": address}
        params = {name: value for name, value in place.items() if value}
        return self.send("location", to=to, params=params, shown={"place": label, "address": address})

    def send_from_ad(self, body: str, *, to: str = "", source_id: str = "120210000000000001") -> Message:
        """The first message after a click on a click-to-WhatsApp advertisement."""
        return self.send(
            "text",
            body,
            to=to,
            params={
                "ReferralBody": "Solid oak, made to order",
                "ReferralHeadline": "New: the Bramble armchair",
                "ReferralSourceId": source_id,
                "ReferralSourceType": "ad",
                "ReferralSourceUrl": "https://fb.me/example",
                "ReferralCtwaClid": f"ARA{source_id}",
            },
        )

    def forward(self, body: str, *, often: bool = False, to: str = "") -> Message:
        flags = {"Forwarded": "true", "FrequentlyForwarded": str(often).lower()}
        return self.send("text", body, to=to, params=flags, shown={"forwarded": True})

    def send_flow(self, answers: dict[str, Any], *, to: str = "") -> Message:
        """A completed WhatsApp Flow."""
        data = json.dumps(answers)
        return self.send(
            "flow", to=to, params={"InteractiveData": data, "FlowData": data}, shown={"flow": True}
        )

    def send_unknown(self, *, to: str = "") -> Message:
        """A kind WhatsApp cannot hand over: no text, no file."""
        return self.send("unknown", to=to)

    def reply(self, sid: str, body: str, *, to: str = "") -> Message:
        """Write with a quote of an earlier message."""
        quoted = self.sim.twilio.message(sid)
        return self.send(
            "text", body, to=to or quoted.sender.address, params=quoting(quoted), shown={"quoted": sid}
        )

    def tap(self, sid: str, title: str) -> Message:
        """Tap the quick-reply button with this title; raises 20404 when there is none."""
        message = self.sim.twilio.message(sid)
        cards = (card["buttons"] for card in message.shown.get("cards", []))
        button = _pick([*message.shown.get("buttons", []), *chain(*cards)], "title", title)
        params = {
            "ButtonText": button["title"],
            "ButtonPayload": button["id"],
            "ButtonType": "REPLY",
        } | quoting(message)
        return self.send(
            "button", button["title"], to=message.sender.address, params=params, shown={"quoted": sid}
        )

    def choose(self, sid: str, item_id: str) -> Message:
        """Choose from a list message by the item's id."""
        message = self.sim.twilio.message(sid)
        item = _pick(message.shown.get("choices", []), "id", item_id)
        params = {
            "ListId": item["id"],
            "ListTitle": item["item"],
            "ListDescription": item.get("description", ""),
        }
        return self.send(
            "list",
            item["item"],
            to=message.sender.address,
            params=params | quoting(message),
            shown={"quoted": sid},
        )

    def join_sandbox(self, code: str = "join autumn-lamp", *, to: str = "whatsapp:+14155238886") -> Message:
        return self.send("text", code, to=to)

    def send(
        self,
        kind: str,
        body: str = "",
        *,
        to: str = "",
        data: bytes | None = None,
        content_type: str = "",
        name: str = "",
        params: dict[str, str] | None = None,
        shown: dict[str, Any] | None = None,
    ) -> Message:
        """Any kind of message; a sample file stands in when a kind needs one and `data` is None."""
        media = self._media(kind, data, content_type, name)
        body = body or (media[0].name if kind == "document" and media else "")
        message = self.sim.twilio.receive(
            self.customer, self._sender(to), body, kind=kind, media=media, params=params, shown=shown
        )
        self.sim.courier.inbound(message, lambda accepted: self._ticked(message, accepted))
        return message

    def _ticked(self, message: Message, accepted: bool) -> None:
        if message.shown.get("tick") != "read":
            self.sim.twilio.touch(
                message, shown=message.shown | {"tick": "delivered" if accepted else "sent"}
            )

    def _sender(self, address: str) -> Sender:
        twilio = self.sim.twilio
        return twilio.sender_at(address) if address else next(iter(twilio.senders.values()))

    def _media(self, kind: str, data: bytes | None, content_type: str, name: str) -> list[Media]:
        if kind not in SAMPLES:
            return []
        usual_type, usual_name, make = SAMPLES[kind]
        made = self.sim.twilio.new_media(
            content_type or usual_type, make() if data is None else data, name or usual_name
        )
        return [made]


def quoting(message: Message) -> dict[str, str]:
    """The parameters of a reply to an earlier message."""
    context = {"type": "whatsapp", "data": {"context": {"id": message.sid, "from": message.from_}}}
    return {
        "OriginalRepliedMessageSid": message.sid,
        "OriginalRepliedMessageSender": message.from_,
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
        "ChannelMetadata": json.dumps(context),
    }


def _pick(choices: list[dict[str, Any]], key: str, wanted: str) -> dict[str, Any]:
    for choice in choices:
        if choice.get(key) == wanted:
            return choice
    raise TwilioError(20404, f"Nothing to choose called {wanted!r}")
