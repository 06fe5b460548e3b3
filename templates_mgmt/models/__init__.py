"""WhatsApp message templates: a family has versions in several languages, each one Content SID at Twilio."""

from __future__ import annotations

from templates_mgmt.models.family import Family
from templates_mgmt.models.price import Price
from templates_mgmt.models.sync import Sync
from templates_mgmt.models.template import Template

__all__ = ["Family", "Price", "Sync", "Template"]
