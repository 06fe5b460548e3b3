"""The jobs of this app. Their arguments are ids only; the row is the truth."""

from __future__ import annotations

from procrastinate.contrib.django import app

from inbox import consent_imports


@app.task(name="record_consent")
def record_consent(import_id: int) -> None:
    """Without a retry: what stops it is told on its page, where somebody lets it go on."""
    consent_imports.record(import_id)


@app.periodic(cron="*/2 * * * *")
@app.task(name="sweep_consent", queueing_lock="sweep_consent")
def sweep_consent(timestamp: int = 0) -> None:
    """Let files go on whose job was lost, and forget those that nobody had recorded."""
    for pk in consent_imports.forgotten():
        consent_imports.defer_record(pk)
    consent_imports.discard_abandoned()
