"""Imports of consent: looked at first, then recorded by a job. The same line is recorded once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from procrastinate import exceptions
from procrastinate.contrib.django import app
from psycopg import errors

from inbox import clock, consent_file
from inbox.access import channels_for
from inbox.consent import SILENCING
from inbox.consent_file import BadLine, Row
from inbox.models import Address, Agent, Channel, ConsentEntry, ConsentImport, Contact, Event, Window

BATCH = 2000
MOST_TOLD = 200
TRIES = 5
# Longer than a job waits for its turn.
PATIENCE = timedelta(minutes=2)
# One import at a time, so that two of the same file do not both find a line missing.
LOCK = 7_230_117
ABANDONED = timedelta(days=1)
# Somebody wrote or was merged at this very moment.
MOMENTARY = (errors.ForeignKeyViolation, errors.UniqueViolation, errors.DeadlockDetected)


@dataclass
class Plan:
    """What an import would do. `rows` are those that are not in the ledger yet."""

    rows: list[tuple[Row, Channel]] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    known: int = 0
    strangers: set[str] = field(default_factory=set)  # addresses of nobody yet

    @property
    def told(self) -> list[tuple[int, str]]:
        """The first of the bad ones."""
        return [(bad.line, bad.sentence) for bad in self.bad[:MOST_TOLD]]

    @property
    def opt_ins(self) -> int:
        return sum(row.action == ConsentEntry.Action.OPT_IN for row, _channel in self.rows)

    @property
    def opt_outs(self) -> int:
        return len(self.rows) - self.opt_ins


@transaction.atomic
def upload(name: str, data: bytes, *, by: Agent) -> ConsentImport:
    """Keep the file to be looked at.

    :raises Refused: it is no such file.
    """
    for _line in consent_file.read(data, clock.now()):
        pass
    return ConsentImport.objects.create(name=name[:200], content=data, author=by)


def discard_abandoned() -> None:
    """Files that nobody had recorded within a day, with the numbers in them."""
    left = ConsentImport.objects.filter(asked_at=None, recorded_at=None)
    left.filter(created_at__lt=clock.now() - ABANDONED).delete()


def plan(upload: ConsentImport, viewer: Agent) -> Plan:
    channels = _words_for(channels_for(viewer))
    found, seen = Plan(), set()
    for line in consent_file.read(bytes(upload.content), clock.now()):
        channel = line if isinstance(line, BadLine) else _channel_of(line, channels)
        if isinstance(channel, BadLine):
            found.bad.append(channel)
        elif (key := (_address(line, channel), *_told(line, channel))) in seen:
            found.known += 1
        else:
            seen.add(key)
            found.rows.append((line, channel))
    _leave_out_known(found)
    return found


# Recording, by a job (inbox/tasks.py)


@transaction.atomic
def ask(upload: ConsentImport, *, by: Agent) -> bool:
    """Have every line that makes sense recorded; False when that was asked already."""
    rows = ConsentImport.objects.filter(pk=upload.pk, asked_at=None, recorded_at=None)
    if not rows.update(asked_at=clock.now(), stopped_at=None, recorder=by):
        return False
    defer_record(upload.pk)
    return True


def defer_record(upload_id: int) -> None:
    """In the caller's transaction, unless a job of this file waits already."""
    job = app.configure_task("record_consent", lock="record_consent", queueing_lock=f"consent-{upload_id}")
    try:
        with transaction.atomic():
            job.defer(import_id=upload_id)
    except exceptions.AlreadyEnqueued:
        pass


def forgotten() -> list[int]:
    """Files whose recording was asked for a while ago and whose job may be lost."""
    waiting = ConsentImport.objects.filter(asked_at__lt=clock.now() - PATIENCE, recorded_at=None)
    return list(waiting.values_list("pk", flat=True))


def record(upload_id: int) -> None:
    """Write the file's lines in parts. What stops it in between loses none and doubles none."""
    rows = ConsentImport.objects.select_related("recorder")
    waiting = rows.filter(pk=upload_id, asked_at__isnull=False, recorded_at=None, recorder__isnull=False)
    if not (upload := waiting.first()):
        return
    try:
        _record(upload)
    except Exception:
        ConsentImport.objects.filter(pk=upload.pk).update(asked_at=None, stopped_at=clock.now())
        raise


def _record(upload: ConsentImport) -> None:
    found = plan(upload, upload.recorder)
    ConsentImport.objects.filter(pk=upload.pk).update(
        planned=upload.count + len(found.rows),
        skipped=len(found.bad),
        left_out=found.told,
    )
    for part in _batched(found.rows):
        _patiently(partial(_record_part, upload, part))
    _finish(upload)


def _patiently(act: Callable[[], None]) -> None:
    """Again when one of these customers was merged or wrote at this very moment."""
    for _try in range(TRIES):
        try:
            return act()
        except (IntegrityError, OperationalError) as error:
            if not isinstance(error.__cause__, MOMENTARY):
                raise
    return act()


@transaction.atomic
def _record_part(upload: ConsentImport, rows: list[tuple[Row, Channel]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    part = Plan(rows=rows)
    _leave_out_known(part)
    owners = _owners(part)
    ConsentEntry.objects.bulk_create(_entry(*pair, owners, upload.recorder) for pair in part.rows)
    _set_flags(_flagged(part, owners))
    done = {"count": F("count") + len(part.rows), "contacts": F("contacts") + len(part.strangers)}
    ConsentImport.objects.filter(pk=upload.pk).update(**done)


@transaction.atomic
def _finish(upload: ConsentImport) -> None:
    rows = ConsentImport.objects.filter(pk=upload.pk, recorded_at=None)
    if not rows.update(recorded_at=clock.now(), content=b""):
        return
    upload.refresh_from_db()
    told = {"entries": upload.count, "contacts": upload.contacts, "skipped": upload.skipped}
    Event.record("consent.imported", by=upload.recorder, file=upload.name, **told)


def _batched(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while part := list(islice(left, BATCH)):
        yield part


# Reading on


Words = Mapping[str, list[Channel]]


def _words_for(channels: Iterable[Channel]) -> Words:
    """What a line may call each channel; the empty word stands for every one."""
    called: dict[str, list[Channel]] = defaultdict(list)
    for channel in channels:
        names = (channel.address, channel.number, channel.name)
        for word in {"", *(name.casefold() for name in names)}:
            called[word].append(channel)
    return called


def _channel_of(row: Row, channels: Words) -> Channel | BadLine:
    """By address or name; the only one there is may be left out."""
    found = channels.get(row.channel.casefold(), [])
    if len(found) == 1:
        return found[0]
    if not row.channel:
        return BadLine(row.line, _("The column channel is empty. Write the channel's name or number."))
    form = _("There is no channel “%(channel)s”. Write its name or number as the inbox shows it.")
    if found:
        form = _("More than one channel is called “%(channel)s”. Write its number.")
    return BadLine(row.line, form % {"channel": row.channel[:40]})


def _address(row: Row, channel: Channel) -> str:
    return f"{channel.address.partition(':')[0]}:{row.phone}"


def _told(row: Row, channel: Channel) -> tuple[Any, ...]:
    """What makes two lines of one customer the same."""
    return (channel.pk, row.action, row.category, row.source, row.text, row.proof, row.given_at)


def _leave_out_known(found: Plan) -> None:
    kept: list[tuple[Row, Channel]] = []
    for part in _batched(found.rows):
        owners = dict(_owners_of(_address(*pair) for pair in part))
        names = ("channel", "action", "category", "source", "text", "proof", "given_at")
        entries = ConsentEntry.objects.filter(contact__in=set(owners.values()))
        known = set(entries.values_list("contact", *names))
        for row, channel in part:
            owner = owners.get(_address(row, channel))
            if owner is None:
                found.strangers.add(_address(row, channel))
            if owner is not None and (owner, *_told(row, channel)) in known:
                found.known += 1
            else:
                kept.append((row, channel))
    found.rows = kept


def _owners_of(values: Iterable[str]) -> Iterator[tuple[str, int]]:
    for part in _batched(set(values)):
        yield from Address.objects.filter(value__in=part).values_list("value", "contact_id")


# Writing


def _owners(found: Plan) -> dict[str, int]:
    """Whose the addresses are; for those of nobody contacts are made."""
    for part in _batched(sorted(found.strangers)):
        contacts = Contact.objects.bulk_create(Contact() for _each in part)
        rows = zip(part, contacts, strict=True)
        addresses = [Address(contact=c, kind=Address.Kind.PHONE, value=v) for v, c in rows]
        # Somebody may write at this very moment and be first.
        Address.objects.bulk_create(addresses, ignore_conflicts=True)
        made = [contact.pk for contact in contacts]
        Contact.objects.filter(pk__in=made, addresses=None).delete()
    return dict(_owners_of(_address(*pair) for pair in found.rows))


def _flagged(found: Plan, owners: dict[str, int]) -> list[int]:
    """The contacts of whom something was said that silences or ends silence."""
    told = (pair for pair in found.rows if pair[0].category in SILENCING)
    return sorted({owners[_address(*pair)] for pair in told})


def _set_flags(contacts: list[int]) -> None:
    """As inbox/consent.py keeps them: a stop silences who has not written since, an opt-in ends that."""
    entries = ConsentEntry.objects.filter(contact__in=contacts, category__in=SILENCING)
    last = entries.order_by("contact_id", "channel_id", "-given_at", "-pk").distinct(
        "contact_id", "channel_id"
    )
    windows: dict[tuple[int, int], list[Window]] = defaultdict(list)
    for window in Window.objects.filter(address__contact__in=contacts).select_related("address"):
        windows[window.address.contact_id, window.channel_id].append(window)
    addresses: dict[int, list[int]] = defaultdict(list)
    for pk, contact in Address.objects.filter(contact__in=contacts).values_list("pk", "contact"):
        addresses[contact].append(pk)
    silent, heard = [], []
    for entry in last:
        known = windows[entry.contact_id, entry.channel_id]
        if entry.is_opt_in:
            heard += [w.pk for w in known if w.opted_out_at and w.opted_out_at <= entry.given_at]
        elif not any(w.last_inbound_at and w.last_inbound_at > entry.given_at for w in known):
            flagged = {w.address_id for w in known if w.opted_out_at}
            quiet = [pk for pk in addresses[entry.contact_id] if pk not in flagged]
            told = {"channel_id": entry.channel_id, "opted_out_at": entry.given_at}
            silent += [Window(address_id=pk, **told) for pk in quiet]
    Window.objects.filter(pk__in=heard).update(opted_out_at=None)
    same = {"update_conflicts": True, "unique_fields": ["address", "channel"]}
    Window.objects.bulk_create(silent, update_fields=["opted_out_at"], **same)


def _entry(row: Row, channel: Channel, owners: dict[str, int], by: Agent) -> ConsentEntry:
    told = ("action", "category", "source", "text", "proof", "given_at")
    return ConsentEntry(
        contact_id=owners[_address(row, channel)],
        channel=channel,
        actor=by,
        **{name: getattr(row, name) for name in told},
    )
