from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_whatsapp import doctor
from channels_whatsapp.doctor import Finding, Level

MARKS = {Level.OK: "ok  ", Level.WARN: "warn", Level.BAD: "BAD "}


class Command(BaseCommand):
    help = "Says whether the set-up can send and receive, and how to mend what is wrong. Exit 0 when it can."

    def handle(self, **_: Any) -> None:
        findings = doctor.examine()
        for finding in findings:
            self.show(finding)
        bad = sum(finding.level == Level.BAD for finding in findings)
        if bad:
            raise CommandError(f"{bad} of {len(findings)} checks say that the set-up does not work yet.")
        self.stdout.write(self.style.SUCCESS("The set-up can send and receive."))

    def show(self, finding: Finding) -> None:
        styles = {Level.OK: str, Level.WARN: self.style.WARNING, Level.BAD: self.style.ERROR}
        self.stdout.write(styles[finding.level](f"{MARKS[finding.level]} {finding.title}: {finding.detail}"))
        if finding.mend:
            self.stdout.write(f"     → {finding.mend}")
