"""The jobs of this app. Their arguments are ids only; the row is the truth."""

from __future__ import annotations

from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import JobDeferrer

from channels_whatsapp import client, setup
from channels_whatsapp.models import Account
from channels_whatsapp.retries import Again, TryAgain, backoff
from templates_mgmt import approvals, submitting, syncing
from templates_mgmt.models import Template


@app.task(name="submit_template", retry=Again(times=10))
def submit_template(template_id: int) -> None:
    submitting.submit(template_id)


@app.task(name="refresh_template", retry=Again(times=3))
def refresh_template(template_id: int) -> None:
    rows = Template.objects.filter(pk=template_id, content_sid__isnull=False)
    for template in rows.select_related("family__account"):
        try:
            approvals.refresh(template)
        except client.CallFailed as failure:
            if failure.is_harmless:
                raise TryAgain(failure.retry_after or backoff(3)) from failure
            raise


@app.task(name="sync_templates", retry=Again(times=3))
def sync_templates(account_id: int) -> None:
    for account in Account.objects.filter(pk=account_id):
        syncing.sync(account)


def defer_sync(account: Account) -> bool:
    """Unless one waits already, which will see the same."""
    name = f"sync-templates-{account.pk}"
    return _defer_once(sync_templates.configure(lock=name, queueing_lock=name), account_id=account.pk)


def defer_refresh(template: Template) -> bool:
    name = f"refresh-template-{template.pk}"
    return _defer_once(refresh_template.configure(queueing_lock=name), template_id=template.pk)


def _defer_once(job: JobDeferrer, **arguments: int) -> bool:
    """The savepoint keeps the caller's transaction whole."""
    try:
        with transaction.atomic():
            job.defer(**arguments)
    except exceptions.AlreadyEnqueued:
        return False
    return True


# By the clock


@app.periodic(cron="* * * * *")
@app.task(name="sweep_templates", lock="sweep_templates", queueing_lock="sweep_templates")
def sweep_templates(timestamp: int = 0) -> None:
    """Put right what a dead worker, a lost job or a lost answer left behind."""
    submitting.sweep()


@app.periodic(cron="*/5 * * * *")
@app.task(name="poll_templates", lock="poll_templates", queueing_lock="poll_templates")
def poll_templates(timestamp: int = 0) -> None:
    approvals.poll()
    for account in setup.accounts().filter(template_sync=None):
        if account.sending_token:
            defer_sync(account)  # it is new here


@app.periodic(cron="23 * * * *")
@app.task(name="sync_all_templates", queueing_lock="sync_all_templates")
def sync_all_templates(timestamp: int = 0) -> None:
    for account in setup.accounts():
        if account.sending_token:
            defer_sync(account)
