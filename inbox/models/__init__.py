from inbox.models.agent import Agent, Team
from inbox.models.api_key import ApiKey
from inbox.models.attachment import Attachment
from inbox.models.channel import Channel
from inbox.models.consent_entry import ConsentEntry
from inbox.models.consent_import import ConsentImport
from inbox.models.contact import Address, Contact, Window
from inbox.models.conversation import Conversation
from inbox.models.draft import Draft
from inbox.models.event import Event
from inbox.models.message import Message
from inbox.models.send_attempt import SendAttempt
from inbox.models.tag import Tag

__all__ = [
    "Address",
    "Agent",
    "ApiKey",
    "Attachment",
    "Channel",
    "ConsentEntry",
    "ConsentImport",
    "Contact",
    "Conversation",
    "Draft",
    "Event",
    "Message",
    "SendAttempt",
    "Tag",
    "Team",
    "Window",
]
