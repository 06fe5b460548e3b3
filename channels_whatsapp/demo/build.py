"""Writes the demo's rows in bulk, as the inbox's own verbs would have left them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from channels_whatsapp.demo import abroad, bench, cast, shelf, shop
from channels_whatsapp.demo.letters import Letters
from channels_whatsapp.demo.script import Story
from channels_whatsapp.models import Account, Receipt, Sender
from inbox import clock
from inbox.models import (
    Address,
    Agent,
    Attachment,
    Channel,
    Contact,
    Conversation,
    Event,
    Message,
    Tag,
    Team,
)

STORIES: tuple[Story, ...] = (*shop.STORIES, *bench.STORIES, *abroad.STORIES)


def is_empty() -> bool:
    """Nobody and nothing here yet that a demo could be mixed up with."""
    usernames = [colleague.username for colleague in cast.COLLEAGUES]
    return not Channel.objects.exists() and not Agent.objects.filter(username__in=usernames).exists()


@transaction.atomic
def remove() -> None:
    """Everything that the inbox holds, with its files. For demo installations only."""
    for attachment in Attachment.objects.exclude(file=""):
        attachment.file.delete(save=False)
        attachment.thumbnail.delete(save=False)
    Receipt.objects.all().delete()
    for model in (Event, Message, Conversation, Contact, Sender, Account, Channel, Tag, Team):
        model.objects.all().delete()
    Agent.objects.filter(username__in=[colleague.username for colleague in cast.COLLEAGUES]).delete()


@transaction.atomic
def build(password: str) -> Demo:
    demo = Demo(clock.now())
    demo.hire(password)
    demo.open_channels()
    demo.meet()
    Letters(demo.now, demo.scenes, demo.agents).write()
    return demo


@dataclass
class Scene:
    """A story with the rows it has become."""

    story: Story
    contact: Contact
    address: Address
    conversation: Conversation
    messages: list[Message] = field(default_factory=list)


@dataclass
class Demo:
    now: datetime
    agents: dict[str, Agent] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    scenes: list[Scene] = field(default_factory=list)

    def hire(self, password: str) -> None:
        hashed = make_password(password)
        teams = {name: Team.objects.create(name=name) for name in ("Orders", "Repairs")}
        for each in cast.COLLEAGUES:
            agent = Agent.objects.create(
                username=each.username,
                first_name=each.first_name,
                last_name=each.last_name,
                email=f"{each.username}@bramblecart.example",
                role=each.role,
                is_staff=each.role == Agent.Role.ADMIN,
                is_superuser=each.role == Agent.Role.ADMIN,
                password=hashed if each.may_sign_in else make_password(None),
            )
            agent.teams.set(teams[name] for name in each.teams)
            self.agents[each.username] = agent

    def open_channels(self) -> None:
        account = Account.objects.create(sid=settings.TWILIO_ACCOUNT_SID, name="Bramblecart")
        shelf.fill(account, self.now)
        for name, (address, team) in cast.CHANNELS.items():
            channel = Channel.objects.create(name=name, address=address)
            channel.teams.set(Team.objects.filter(name=team))
            Sender.objects.create(
                channel=channel,
                account=account,
                address=address,
                sid="XE" + number(address),
                status="ONLINE",
                quality="HIGH",
                complete_until=self.now,
            )
            self.channels[name] = channel

    def meet(self) -> None:
        """Contacts, addresses and conversations, oldest first."""
        stories = sorted(STORIES, key=lambda story: story.lines[0].ago, reverse=True)
        contacts = Contact.objects.bulk_create(self.contact_of(story) for story in stories)
        pairs = list(zip(stories, contacts, strict=True))
        addresses = Address.objects.bulk_create(self.address_of(*pair) for pair in pairs)
        rows = zip(stories, contacts, addresses, strict=True)
        conversations = Conversation.objects.bulk_create(self.conversation_of(*row) for row in rows)
        parts = zip(stories, contacts, addresses, conversations, strict=True)
        self.scenes = [Scene(*each) for each in parts]
        self.tag()

    def contact_of(self, story: Story) -> Contact:
        return Contact(
            name=story.given_name,
            profile_name=story.name,
            language=story.language,
            created_at=self.now - story.lines[0].ago,
        )

    def address_of(self, story: Story, contact: Contact) -> Address:
        kind = Address.Kind.USER_ID if story.user_id else Address.Kind.PHONE
        value = story.user_id or f"whatsapp:{story.phone}"
        return Address(contact=contact, kind=kind, value=value, created_at=contact.created_at)

    def conversation_of(self, story: Story, contact: Contact, address: Address) -> Conversation:
        ends = [act.ago for act in story.acts if act.verb == "conversation.resolved"]
        return Conversation(
            contact=contact,
            channel=self.channels[story.channel],
            address=address,
            status=story.status,
            assignee=self.agents.get(story.assignee),
            created_at=contact.created_at,
            resolved_at=self.now - ends[-1] if ends else None,
        )

    def tag(self) -> None:
        tags = {name: Tag.objects.create(name=name) for name in cast.TAGS}
        through = Conversation.tags.through
        through.objects.bulk_create(
            through(conversation=scene.conversation, tag=tags[name])
            for scene in self.scenes
            for name in scene.story.tags
        )


def number(text: str) -> str:
    """32 hex digits that are the same each time."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
