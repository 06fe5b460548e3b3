"""The ladder a message's status climbs. Pure: no Django, no database.

A status only ever rises. Twilio promises neither order nor single delivery of status
callbacks (Twilio, "Track outbound message status"), so the answer to a late or repeated
callback is this comparison and nothing else.
"""

from __future__ import annotations

RECEIVED = "received"  # inbound; never changes

QUEUED = "queued"  # stored here, waiting for the worker
SENDING = "sending"  # a call to the provider is in flight
UNKNOWN = "unknown"  # the call's outcome is not known; being found out, never resent blindly
ACCEPTED = "accepted"  # the provider has it and gave it a SID
SENT = "sent"
UNDELIVERED = "undelivered"
FAILED = "failed"
CANCELED = "canceled"
DELIVERED = "delivered"
READ = "read"

RANK = {
    QUEUED: 0,
    SENDING: 1,
    UNKNOWN: 2,
    ACCEPTED: 3,
    SENT: 4,
    # A failure wins over "sent", and proof of delivery wins over a failure.
    UNDELIVERED: 5,
    FAILED: 5,
    CANCELED: 5,
    DELIVERED: 6,
    READ: 7,
}
FAILURES = frozenset({UNDELIVERED, FAILED, CANCELED})
WAITING = frozenset({QUEUED, SENDING, UNKNOWN})
# What a provider is still expected to say something about.
UNSETTLED = frozenset({SENDING, UNKNOWN, ACCEPTED, SENT})
ARRIVED = frozenset({DELIVERED, READ})


def rises(current: str, new: str) -> bool:
    """Whether `new` stands higher than `current`; equal ranks do not move."""
    return RANK[new] > RANK.get(current, len(RANK))


def highest(statuses: list[str]) -> str:
    """The status that any order of these callbacks ends in; the first of equals stays."""
    result = statuses[0]
    for status in statuses[1:]:
        if rises(result, status):
            result = status
    return result


def below(status: str) -> list[str]:
    """The statuses from which `status` is a rise, for a guarded UPDATE."""
    return [name for name, rank in RANK.items() if rank < RANK[status]]
