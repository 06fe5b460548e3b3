"""What doctor says about templates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_whatsapp import setup
from channels_whatsapp.checklist import Check
from channels_whatsapp.doctor import Finding, ok, warn
from channels_whatsapp.models import Account
from inbox import clock
from templates_mgmt.models import Sync

# They are compared every hour.
LATE = timedelta(hours=3)


def checks() -> Iterator[Check]:
    """One for each account that has a number and can be asked."""
    for account in setup.accounts().filter(senders__isnull=False).order_by("pk").distinct():
        if account.sending_token:
            look = partial(_of, account)
            yield Check(f"templates-{account.pk}", _("Templates are in sync"), look, account=account)


def _of(account: Account) -> Iterator[Finding]:
    yield _about(str(account), Sync.objects.filter(account=account).first())


def _about(account: str, sync: Sync | None) -> Finding:
    title = _("Templates")
    mend = _("Press Sync on the page Templates, and see that the worker runs.")
    if sync is None or sync.finished_at is None:
        why = sync.error if sync else ""
        detail = _("Those of %(account)s were never compared with Twilio's list.") % {"account": account}
        return warn(title, f"{detail} {why}".strip(), mend)
    now = clock.now()
    if now - sync.finished_at < LATE:
        counted = {"account": account, "count": sync.count}
        return ok(title, _("In sync with Twilio: %(count)d of %(account)s.") % counted)
    age = _written(now - sync.finished_at)
    detail = _("Those of %(account)s were last compared with Twilio's list %(age)s ago.")
    return warn(title, f"{detail % {'account': account, 'age': age}} {sync.error}".strip(), mend)


def _written(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d day", "%(n)d days", hours // 24) % {"n": hours // 24}
