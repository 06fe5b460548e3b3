from __future__ import annotations

from django.db import models


class Contact(models.Model):
    phone = models.CharField(max_length=160, unique=True)
    name = models.CharField(max_length=160, blank=True)

    def __str__(self) -> str:
        return self.name or self.phone


class Conversation(models.Model):
    contact = models.ForeignKey(Contact, models.CASCADE)
    channel = models.CharField(max_length=160)
    last_message_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.contact} · {self.channel}"


class Message(models.Model):
    conversation = models.ForeignKey(Conversation, models.CASCADE)
    content = models.TextField(blank=True)
    sender = models.CharField(max_length=160)
    direction = models.CharField(max_length=8)
    provider_message_id = models.CharField(max_length=40, db_index=True)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.provider_message_id
