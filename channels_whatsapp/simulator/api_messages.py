"""The 2010 API: messages, their media, the account and its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import messages, resources
from .errors import TwilioError
from .records import Media, Message
from .web import Answer, Request, Router

if TYPE_CHECKING:
    from .running import Simulator

ACCOUNT = "/2010-04-01/Accounts/{account}"
FOUR_HOURS = 4 * 3600


class MessagesApi:
    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.twilio = sim.twilio

    def add_routes(self, router: Router) -> None:
        router.add("POST", f"{ACCOUNT}/Messages.json", self.create, "Messages.create")
        router.add("GET", f"{ACCOUNT}/Messages.json", self.list_all, "Messages.list")
        router.add("GET", f"{ACCOUNT}/Messages/{{sid}}.json", self.fetch, "Messages.fetch")
        router.add("POST", f"{ACCOUNT}/Messages/{{sid}}.json", self.update, "Messages.update")
        router.add("DELETE", f"{ACCOUNT}/Messages/{{sid}}.json", self.delete, "Messages.delete")
        router.add("GET", f"{ACCOUNT}/Messages/{{sid}}/Media.json", self.list_media, "Media.list")
        router.add("GET", f"{ACCOUNT}/Messages/{{sid}}/Media/{{media}}.json", self.fetch_media, "Media.fetch")
        router.add(
            "DELETE", f"{ACCOUNT}/Messages/{{sid}}/Media/{{media}}.json", self.delete_media, "Media.delete"
        )
        router.add(
            "GET HEAD", f"{ACCOUNT}/Messages/{{sid}}/Media/{{media}}", self.redirect_media, "Media.download"
        )
        router.add("GET", f"{ACCOUNT}.json", self.account, "Account.fetch")
        router.add("GET", f"{ACCOUNT}/Balance.json", self.balance, "Balance.fetch")
        router.add("GET", f"{ACCOUNT}/IncomingPhoneNumbers.json", self.numbers, "IncomingPhoneNumbers.list")

    def create(self, request: Request) -> Answer:
        message = messages.create(self.twilio, request.form())
        faults = request.context["faults"]
        request.context["subject"] = _subject(message)
        if "hide" in faults:
            self._hide(message, faults["hide"].options.get("seconds"))
        answer = Answer.json(resources.message(self.twilio.account, message), 201)
        if "callback_first" in faults:
            self.sim.journeys.start_before_answer(message)
        else:
            answer.after = lambda: self.sim.journeys.start(
                message, reorder=faults.get("reorder"), fail=faults.get("fail")
            )
        return answer

    def _hide(self, message: Message, seconds: float | None) -> None:
        forever = 10 * 365 * 24 * 3600
        message.hidden_until = self.twilio.now() + self.sim.seconds(forever if seconds is None else seconds)

    def list_all(self, request: Request) -> Answer:
        query = dict(request.query)
        found = messages.listed(self.twilio, query)
        # The token pins the list as it was on the first page, so that new messages do not shift the next.
        newest = int(query.get("PageToken", "PA0")[2:], 16) or max((m.born for m in found), default=0)
        query["PageToken"] = f"PA{newest:x}"
        items, number, size, more = resources.page([m for m in found if m.born <= newest], query)
        rows = [resources.message(self.twilio.account, m) for m in items]
        return Answer.json(resources.page_2010("messages", request.path, rows, query, (number, size, more)))

    def fetch(self, request: Request) -> Answer:
        return Answer.json(resources.message(self.twilio.account, self.twilio.message(request.args["sid"])))

    def update(self, request: Request) -> Answer:
        message = messages.update(self.twilio, request.args["sid"], request.form())
        return Answer.json(resources.message(self.twilio.account, message))

    def delete(self, request: Request) -> Answer:
        self.twilio.delete(request.args["sid"])
        return Answer(204)

    def list_media(self, request: Request) -> Answer:
        message = self.twilio.message(request.args["sid"])
        items, number, size, more = resources.page(message.media, request.query)
        rows = [resources.media(self.twilio.account, message.sid, m) for m in items]
        return Answer.json(
            resources.page_2010("media_list", request.path, rows, request.query, (number, size, more))
        )

    def _media(self, request: Request) -> tuple[Message, Media]:
        message = self.twilio.message(request.args["sid"])
        for media in message.media:
            if media.sid == request.args["media"]:
                return message, media
        raise TwilioError(20404)

    def fetch_media(self, request: Request) -> Answer:
        message, media = self._media(request)
        return Answer.json(resources.media(self.twilio.account, message.sid, media))

    def delete_media(self, request: Request) -> Answer:
        message, media = self._media(request)
        message.media.remove(media)
        return Answer(204)

    def redirect_media(self, request: Request) -> Answer:
        """The file lives on another host, under a signed address that needs no credentials."""
        _, media = self._media(request)
        if "media_404" in self.twilio.faults.take(media.sid, ("media_404",)):
            raise TwilioError(20404)
        host, _, port = request.host.partition(":")
        other = "127.0.0.1" if host == "localhost" else "localhost"
        return Answer.redirect(f"http://{other}:{port}{self.sim.cdn.signed_path(media, FOUR_HOURS)}", 307)

    def account(self, request: Request) -> Answer:
        return Answer.json(resources.account(self.twilio.account, self.twilio.now()))

    def balance(self, request: Request) -> Answer:
        account = self.twilio.account
        return Answer.json({"account_sid": account.sid, "balance": account.balance, "currency": "USD"})

    def numbers(self, request: Request) -> Answer:
        senders = [s for s in self.twilio.senders.values() if not s.sandbox]
        items, number, size, more = resources.page(senders, request.query)
        rows = [resources.phone_number(self.twilio.account, s, self.twilio.now()) for s in items]
        found = (number, size, more)
        return Answer.json(
            resources.page_2010("incoming_phone_numbers", request.path, rows, request.query, found)
        )


def _subject(message: Message) -> str:
    if message.content_sid:
        return message.kind.partition("/")[2].replace("-", " ")
    return "media" if message.media_urls else "text"
