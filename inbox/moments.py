"""Points in time as people read them, in the viewer's zone."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def clock_time(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "H:i")


def day(moment: datetime) -> str:
    """ "5 June 2026"."""
    return date_format(timezone.localtime(moment), "DATE_FORMAT")


def full_time(moment: datetime) -> str:
    """ "5 June 2026, 14:48"."""
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def day_and_time(moment: datetime, now: datetime | None = None) -> str:
    """Past or to come, and no other day than meant: "14:48" today, "Friday 14:48", "5 June, 14:48"."""
    moment, now = timezone.localtime(moment), timezone.localtime(now)
    days = abs((moment.date() - now.date()).days)
    if moment.year != now.year and days > 6:
        return full_time(moment)
    if days > 6:
        return f"{date_format(moment, 'MONTH_DAY_FORMAT')}, {clock_time(moment)}"
    return date_format(moment, "l H:i" if days else "H:i")
