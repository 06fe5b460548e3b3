"""What is wrong with the set-up, and how to mend it. Facts and words only; others show them."""

from __future__ import annotations

import ipaddress
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max, Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django.models import ProcrastinateWorker

from channels_whatsapp import setup
from channels_whatsapp.forgeries import UNPROVEN
from channels_whatsapp.models import BadSignature, Receipt, Sender
from channels_whatsapp.sealed import Unreadable
from channels_whatsapp.sweeping import SILENT_SECONDS
from inbox import clock, statuses
from inbox.models import Message

SLOW, STUCK = timedelta(minutes=1), timedelta(minutes=5)
LATE_MARK = timedelta(hours=1)
LITTLE_SPACE = 0.05


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"  # it works, but somebody should look
    BAD = "bad"  # it cannot send or receive


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `mend` is what to do about it, empty when there is nothing.

    :ivar press: what one press does about it on the connect page: ``webhooks``,
        ``token`` or ``sender``, which opens it.
    """

    level: Level
    title: str
    detail: str
    mend: str = ""
    press: str = ""


def ok(title: str, detail: str) -> Finding:
    return Finding(Level.OK, title, detail)


def warn(title: str, detail: str, mend: str, press: str = "") -> Finding:
    return Finding(Level.WARN, title, detail, mend, press)


def bad(title: str, detail: str, mend: str, press: str = "") -> Finding:
    return Finding(Level.BAD, title, detail, mend, press)


def examine() -> list[Finding]:
    """Every check, in the order in which things have to be mended."""
    from channels_whatsapp import checklist  # it builds on this module's words

    base = database()
    if base.level == Level.BAD:
        return [base]  # all the others read it
    return [base, *checklist.examine()]


def database() -> Finding:
    title = _("Database")
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        reason = str(error).partition("\n")[0]
        return bad(title, _("It does not answer: %(reason)s.") % {"reason": reason},
                   _("See that it runs, and compare DATABASE_URL with it."))  # fmt: skip
    if missing:
        return bad(title, _("It is empty or of an older version."),
                   _("Run `manage.py migrate`, or start with `manage.py serve --migrate`."))  # fmt: skip
    return ok(title, _("It answers and is up to date."))


def accounts() -> Iterator[Finding]:
    title = _("Twilio account")
    known = list(setup.accounts())
    if not known:
        mend = _("Take step 1 of /connect/, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and restart.")
        yield bad(title, _("None is known."), mend)
    for account in known:
        if isinstance(account.sending_token, Unreadable):
            yield bad(title, _("The token of %(account)s cannot be read with this SECRET_KEY.")
                      % {"account": account},
                      _("Enter it again, or put the key of then into SECRET_KEY_FALLBACKS."))  # fmt: skip
        elif not account.sending_token:
            yield bad(title, _("%(account)s has no auth token.") % {"account": account},
                      _("Enter the auth token of the account, or set TWILIO_AUTH_TOKEN."))  # fmt: skip
    if known and not setup.senders().exists():
        yield bad(
            _("WhatsApp number"),
            _("None is known."),
            _("Take step 2 of /connect/, or set TWILIO_WHATSAPP_FROM and restart."),
        )


def public_address() -> Iterator[Finding]:
    """Twilio must reach us, and refuses callback hosts with underscores (21609)."""
    title, url = _("Public address"), settings.PUBLIC_BASE_URL
    parts = urlsplit(url)
    mend = _("Set PUBLIC_BASE_URL to the https address under which Twilio reaches this server.")
    if not url:
        yield bad(title, _("It is not set."), mend)
    elif not parts.hostname or parts.scheme not in ("http", "https") or parts.path or parts.query:
        yield bad(title, _("%(url)s is not of the form https://host.") % {"url": url}, mend)
    elif "_" in parts.hostname:
        yield bad(title, _("Twilio does not call hosts with an underscore: %(url)s.") % {"url": url}, mend)
    elif settings.TWILIO_API_BASE_URL:
        yield ok(title, url)
    elif is_private(parts.hostname):
        yield bad(title, _("Twilio cannot reach %(url)s from outside.") % {"url": url}, mend)
    elif parts.scheme != "https":
        yield bad(title, _("%(url)s is not encrypted.") % {"url": url}, mend)
    else:
        yield ok(title, url)


def is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))


def worker() -> Iterator[Finding]:
    title = _("Worker")
    beat = ProcrastinateWorker.objects.aggregate(last=Max("last_heartbeat"))["last"]
    if beat and clock.now() - beat < timedelta(seconds=SILENT_SECONDS):
        yield ok(title, _("It is running."))
    else:
        yield bad(title, _("None is running, so nothing is sent."), _("Start `manage.py worker`."))


def queue() -> Iterator[Finding]:
    title = _("Messages waiting to be sent")
    oldest = Message.objects.filter(status=statuses.QUEUED).aggregate(at=Min("created_at"))["at"]
    age = clock.now() - oldest if oldest else timedelta(0)
    if age < SLOW:
        yield ok(title, _("None has waited long."))
        return
    detail = _("The oldest waits since %(minutes)d minutes.") % {"minutes": age.total_seconds() // 60}
    mend = _("See whether Twilio slows us down (429), and whether the worker runs.")
    yield (bad if age >= STUCK else warn)(title, detail, mend)


def unknown_sends() -> Iterator[Finding]:
    title = _("Unconfirmed sends")
    count = Message.objects.filter(status=statuses.UNKNOWN).count()
    if count:
        detail = ngettext(
            "Of %(count)d message nobody knows whether it left.",
            "Of %(count)d messages nobody knows whether they left.",
            count,
        )
        mend = _("Open the conversations of what is not confirmed and say whether it arrived.")
        yield warn(title, detail % {"count": count}, mend)
    else:
        yield ok(title, _("None."))


def webhooks() -> Iterator[Finding]:
    title = _("Webhooks")
    last = Receipt.objects.aggregate(at=Max("received_at"))["at"]
    if not last:
        yield warn(title, _("None has arrived yet."), _("Write “hello” to the number from your phone now."))
    else:
        yield ok(title, _("The last one came at %(at)s UTC.") % {"at": f"{last:%Y-%m-%d %H:%M}"})
    left = Receipt.objects.filter(outcome__in=[Receipt.Outcome.UNMATCHED, Receipt.Outcome.FAILED]).count()
    if left:
        yield warn(title, _("%(count)d could not be placed or processed.") % {"count": left},
                   _("Look at them in the admin under Receipts, then assign or replay them."))  # fmt: skip


def signatures() -> Iterator[Finding]:
    """One that nearly was right, after the last right one, means that we refuse Twilio itself.

    Anybody can write something else in between, so those are looked for first.
    """
    title = _("Signatures")
    locked_out = list(setup.accounts().filter(unsigned_since__isnull=False))
    for account in locked_out:
        detail = _("Twilio signs with a token of %(account)s that we do not know.") % {"account": account}
        mend = _("Was the primary token changed? Enter the new one. What was refused comes back.")
        yield bad(title, detail, mend, "token")
    recent = BadSignature.objects.filter(minute__gt=clock.now() - timedelta(days=1)).order_by("-minute")
    if ours := recent.exclude(diagnosis__in=UNPROVEN).first():
        yield nearly_right(title, ours)
    elif (wrong := recent.first()) and not locked_out:
        yield unproven(title, wrong)
    elif not locked_out:
        yield ok(title, _("No webhook with a wrong signature within a day."))


def nearly_right(title: str, wrong: BadSignature) -> Finding:
    last = Receipt.objects.aggregate(at=Max("received_at"))["at"]
    is_newest = last is None or last < (wrong.last_at or wrong.minute)
    mend = _("Compare PUBLIC_BASE_URL and TWILIO_AUTH_TOKEN with Twilio. What was refused comes back.")
    return (bad if is_newest else warn)(title, refused_at(wrong, wrong.diagnosis), mend)


def unproven(title: str, wrong: BadSignature) -> Finding:
    if not wrong.is_of_unknown_token:
        mend = _("Twilio signs everything it sends with your token, so this was most likely a stranger.")
        reason = wrong.diagnosis or _("nothing we tried would have verified it")
        return warn(title, refused_at(wrong, reason), mend)
    mend = _("Twilio is asked within minutes. Was it Twilio, an alarm says so here and on every page.")
    reason = _("written by a stranger, or signed with a token that we do not know")
    return warn(title, refused_at(wrong, reason), mend)


def refused_at(wrong: BadSignature, reason: str) -> str:
    known = {"at": f"{wrong.minute:%Y-%m-%d %H:%M}", "path": wrong.path, "reason": reason}
    return _("Refused at %(at)s UTC on %(path)s: %(reason)s.") % known


def files() -> Iterator[Finding]:
    title = _("File store")
    mend = _("Make the media directory under DATA_DIR writable for this user, or free some space.")
    try:
        default_storage.delete(default_storage.save("doctor.tmp", ContentFile(b"doctor")))
    except OSError as error:
        reason = error.strerror or str(error)
        yield bad(title, _("Files cannot be written: %(reason)s.") % {"reason": reason}, mend)
        return
    usage = shutil.disk_usage(settings.DATA_DIR)
    if usage.free < usage.total * LITTLE_SPACE:
        yield warn(title, _("The disk is almost full."), mend)
    else:
        yield ok(title, _("Files can be written."))


def completeness(sender: Sender) -> Finding:
    title, known = _("Comparison with Twilio's list"), {"sender": sender.channel.name}
    mark = sender.complete_until
    if mark and clock.now() - mark < LATE_MARK:
        return ok(title, _("%(sender)s is complete until %(at)s UTC.") % (known | {"at": f"{mark:%H:%M}"}))
    detail = _("%(sender)s was not compared within the last hour.") % known
    return warn(title, detail, _("Run `manage.py reconcile`."))
