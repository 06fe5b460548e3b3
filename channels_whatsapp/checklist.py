"""The doctor's checks by name, for the terminal all at once and for the connect page one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_whatsapp import client, doctor, doctor_twilio, drift, hooks, reaching, setup
from channels_whatsapp.doctor import Finding, Level
from channels_whatsapp.models import Account, Sender

ORDER = (Level.OK, Level.WARN, Level.BAD)


@dataclass(frozen=True)
class Check:
    """One question, about an account or a sender when there is one. `key` is its name in addresses."""

    key: str
    title: str
    run: Callable[[], Iterable[Finding]]
    account: Account | None = None
    sender: Sender | None = None

    @property
    def about(self) -> Account | Sender | None:
        return self.sender or self.account


@dataclass(frozen=True)
class Result:
    """What a check found. `milliseconds` is what it took."""

    check: Check
    findings: tuple[Finding, ...]
    milliseconds: float

    @property
    def level(self) -> Level:
        return max((finding.level for finding in self.findings), key=ORDER.index, default=Level.OK)

    @property
    def good(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == Level.OK]

    @property
    def troubles(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level != Level.OK]


@dataclass(frozen=True)
class Group:
    """What is asked about one sender, one account or this server, and what was found, worst first."""

    about: Account | Sender | None
    checks: list[Check]
    results: list[Result]

    @property
    def sender(self) -> Sender | None:
        return self.about if isinstance(self.about, Sender) else None

    @property
    def level(self) -> Level:
        return max((result.level for result in self.results), key=ORDER.index, default=Level.OK)

    @property
    def troubles(self) -> int:
        return sum(result.level != Level.OK for result in self.results)


def grouped(found: list[Check], results: Iterable[Result] = ()) -> list[Group]:
    groups = {check.about: Group(check.about, [], []) for check in found}
    for check in found:
        groups[check.about].checks.append(check)
    for result in sorted(results, key=lambda result: ORDER.index(result.level), reverse=True):
        groups[result.check.about].results.append(result)
    return list(groups.values())


def checks() -> list[Check]:
    """All that can be asked now, in the order in which things have to be mended."""
    return [
        Check("database", _("Database answers and is up to date"), lambda: [doctor.database()]),
        *_checks_but_database(),
    ]


def _checks_but_database() -> Iterator[Check]:
    yield Check("accounts", _("A Twilio account and a number are known"), doctor.accounts)
    yield Check("address", _("A public address is set"), doctor.public_address)
    if hooks.address():
        yield Check("reach", _("This site answers at its public address"), reaching.reachable)
    for account in setup.accounts().order_by("pk"):
        if account.sending_token:
            yield from _of_account(account)
    yield Check("worker", _("A worker is running"), doctor.worker)
    yield Check("signatures", _("Webhooks carry the right signature"), doctor.signatures)
    yield Check("webhooks", _("Webhooks arrive"), doctor.webhooks)
    yield Check("queue", _("Messages leave at once"), doctor.queue)
    yield Check("unknown", _("Every send is confirmed"), doctor.unknown_sends)
    yield Check("files", _("Files can be stored"), doctor.files)
    for more in _more:
        yield from more()


def _of_account(account: Account) -> Iterator[Check]:
    asked = doctor_twilio.Asked(account)
    for name, title, ask in (
        ("token", _("Account SID and auth token work"), doctor_twilio.credentials),
        ("secret", _("Auth token is kept secret"), doctor_twilio.kept_secret),
        ("balance", _("The account has funds"), doctor_twilio.balance),
    ):
        yield Check(f"{name}-{account.pk}", title, partial(ask, asked), account=account)
    for sender in account.senders.select_related("channel").order_by("pk"):
        for name, title, ask in _OF_SANDBOX if sender.is_sandbox else _OF_SENDER:
            run = partial(ask, asked, sender)
            yield Check(f"{name}-{sender.pk}", str(title), run, account=account, sender=sender)


def drifted(asked: doctor_twilio.Asked, sender: Sender) -> Iterator[Finding]:
    """What the last comparison with Twilio found. Quality and limit stay until somebody has seen them."""
    title = _("Changes at Twilio")
    if not sender.drift:
        yield doctor.ok(title, _("Address, status, quality and limit are as they were."))
        return
    mend = _("Open it under /connect/senders/ and put it right.")
    say = doctor.bad if sender.is_cut_off else doctor.warn
    yield say(title, drift.sentences(sender), mend, "sender")


def compared(asked: doctor_twilio.Asked, sender: Sender) -> Iterator[Finding]:
    yield doctor.completeness(sender)


_COMPARED = ("complete", gettext_lazy("Compared with Twilio's list"), compared)
_OF_SENDER = (
    ("online", gettext_lazy("Sender is online"), doctor_twilio.online),
    ("inbound", gettext_lazy("Incoming webhook points here"), doctor_twilio.inbound),
    ("status", gettext_lazy("Status callback points here"), doctor_twilio.statuses),
    ("drift", gettext_lazy("Nothing changed behind our back"), drifted),
    _COMPARED,
)
# Twilio's API does not tell where its webhooks go, so nothing is said about them.
_OF_SANDBOX = (("online", gettext_lazy("The sandbox is in use"), doctor_twilio.online), _COMPARED)


_more: list[Callable[[], Iterable[Check]]] = []


def register(more: Callable[[], Iterable[Check]]) -> None:
    """For the apps above: further checks, asked when the list is made."""
    _more.append(more)


def run(check: Check) -> Result:
    """Make one check. What Twilio refuses or does not answer is a finding too."""
    began = time.monotonic()
    try:
        findings = tuple(check.run())
    except client.CallFailed as failure:
        findings = (doctor_twilio.could_not_ask(failure),)
    return Result(check, findings, (time.monotonic() - began) * 1000)


def examine() -> Iterator[Finding]:
    """All but the database. After a failed call the account's other checks are left out: they would fail
    the same way."""
    failed = set()
    for check in _checks_but_database():
        if check.account and check.account.pk in failed:
            continue
        try:
            yield from check.run()
        except client.CallFailed as failure:
            failed.add(check.account and check.account.pk)
            yield doctor_twilio.could_not_ask(failure)
