"""Twilio's error codes in plain words."""

from __future__ import annotations

from inbox.gateways import Explanation


def explain(code: int | None) -> Explanation:
    return Explanation(f"Twilio refused it with code {code}." if code else "Twilio refused it.")
