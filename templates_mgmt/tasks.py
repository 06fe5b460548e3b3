"""The jobs of this app. Their arguments are ids only; the row is the truth."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.task(name="submit_template")
def submit_template(template_id: int) -> None:
    pass
