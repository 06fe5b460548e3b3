from __future__ import annotations

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """What an agent has typed and not sent; survives reloads, other devices and lost connections."""

    conversation = models.ForeignKey("inbox.Conversation", models.CASCADE, related_name="drafts")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    body = models.TextField(blank=True)
    # "reply" or "note" (inbox/composing.py): what was meant for colleagues must not come back as a reply.
    mode = models.CharField(max_length=5, default="reply")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "agent"], name="draft_once")]

    def __str__(self) -> str:
        return self.body[:40]
