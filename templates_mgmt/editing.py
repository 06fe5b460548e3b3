"""Saving what the editor's form holds, without overwriting what somebody else saved meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from channels_whatsapp.models import Account
from inbox import clock
from inbox.models import Agent
from inbox.refusals import Refused
from templates_mgmt import policy
from templates_mgmt.models import Family, Template
from templates_mgmt.written import Written

AUTOMATIC = "untitled"
NAME_TAKEN = "name_taken"
LATELY, NEAR = timedelta(hours=1), 5  # where a draft is looked for whose making got no answer


class Stale(Exception):
    """Somebody saved the template after this form was opened; `template` is how it is now."""

    def __init__(self, template: Template) -> None:
        self.template = template
        super().__init__(template.pk)


def stamp_of(template: Template | None) -> str:
    """Which state of the template a form shows."""
    return template.edited_at.isoformat() if template else ""


@transaction.atomic
def create(written: Written, account: Account, *, by: Agent) -> Template:
    """A new draft; without a name it gets an automatic one.

    :raises Refused: ``name_taken``.
    """
    _one_at_a_time(account)
    if written.name:
        _must_be_free(account, written.name)
    name = written.name or automatic_name(account)
    columns = written.columns
    return Template.write(account, name, columns.pop("language"), by=by, **columns)


def begun(earlier: Iterable[Written], *, by: Agent) -> Template | None:
    """The draft that a form made whose answer was lost."""
    texts = [written.columns for written in earlier]
    if not texts:
        return None
    rows = Template.objects.filter(author=by, content_sid=None, created_at__gt=clock.now() - LATELY)
    mine = rows.select_related("family__account").order_by("-pk")[:NEAR]
    return next((row for row in mine if _columns_of(row) in texts), None)


def _columns_of(template: Template) -> dict[str, Any]:
    return {name: getattr(template, name) for name in Written().columns}


@transaction.atomic
def save(
    template: Template,
    written: Written,
    *,
    by: Agent,
    stamp: str,
    earlier: Iterable[Written] = (),
    overwrite: bool = False,
) -> bool:
    """Says whether anything changed.

    :param earlier: what the same form sent before and got no answer about: it may be what is kept now.
    :raises Stale: it was changed since `stamp`, and `overwrite` does not say to go over it.
    :raises Refused: ``not_draft``, ``name_taken``, ``language_taken``.
    """
    if (written.name or template.name, written.language) != (template.name, template.language):
        _one_at_a_time(template.family.account)
    locked = Template.objects.select_for_update(of=("self",)).select_related("family").get(pk=template.pk)
    columns, kept = written.columns, _columns_of(locked)
    is_changed = columns != kept
    is_ours = overwrite or stamp == stamp_of(locked) or any(kept == sent.columns for sent in earlier)
    if is_changed and not is_ours:
        raise Stale(Template.objects.select_related("author", "family").get(pk=template.pk))
    if written.language != locked.language:
        _must_have_no(locked.family, written.language)
    is_renamed = rename(locked.family, written.name) if written.name else False
    if is_changed:
        template.edit(by=by, author=by, **columns)
    template.refresh_from_db()
    return is_changed or is_renamed


def rename(family: Family, name: str) -> bool:
    """All languages and versions of it, as long as none of them was submitted under it.

    :raises Refused: ``name_taken``; ``name_fixed``.
    """
    if name == family.name:
        return False
    if is_name_fixed(family):
        raise Refused("name_fixed", _("The name is fixed once a language was submitted."), "")
    _must_be_free(family.account, name)
    # Only archived ones have it: they move out of the way, under one family.
    if other := Family.objects.filter(account=family.account_id, name=name).first():
        other.templates.update(family=family)
        other.delete()
    Family.objects.filter(pk=family.pk).update(name=name)
    family.name = name
    return True


def is_name_fixed(family: Family) -> bool:
    """WhatsApp knows it; what it would not take is only what Twilio's console calls it."""
    if not policy.NAME.fullmatch(family.name):
        return False
    submitted = [Template.Submission.NONE, Template.Submission.FAILED]
    rows = family.templates.all()
    return rows.exclude(content_sid=None).exists() or rows.exclude(submission__in=submitted).exists()


def automatic_name(account: Account) -> str:
    """The first of untitled_1, untitled_2, … that no template has."""
    taken = set(
        Family.objects.filter(
            account=account, name__startswith=f"{AUTOMATIC}_", templates__isnull=False
        ).values_list("name", flat=True)
    )
    return next(name for n in range(1, len(taken) + 2) if (name := f"{AUTOMATIC}_{n}") not in taken)


def _one_at_a_time(account: Account) -> None:
    """Two who choose one name or language at once would both find it free."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)


def _must_be_free(account: Account, name: str) -> None:
    if Template.objects.filter(family__account=account, family__name=name, archived_at=None).exists():
        raise Refused(
            NAME_TAKEN,
            _("There is already a template called “%(name)s”.") % {"name": name},
            _("Add a language to that one, or choose another name."),
        )


def _must_have_no(family: Family, language: str) -> None:
    if family.templates.filter(language=language, archived_at=None).exists():
        raise Refused(
            "language_taken",
            _("The template has this language already."),
            _("Choose another one, or open that language."),
        )
