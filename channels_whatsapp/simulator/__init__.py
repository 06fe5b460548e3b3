"""A pretend Twilio: REST API, signed webhooks, faults, and the customer's phone.

The application meets it exactly as it meets Twilio: its base address replaces the hosts of
api., content. and messaging.twilio.com, and its webhooks carry real signatures.

In a test, in the same process::

    with running_simulator(webhook_base=live_server.url, account_sid=SID, auth_token=TOKEN, seed=7) as sim:
        anna = sim.customer("+447700900911", name="Anna")
        anna.send_text("hi")                       # also send_image, send_voice, tap, choose, reply …
        sim.wait_idle()                            # webhooks and status steps are done
        sim.faults.add("hang_after", on="POST */Messages.json", seconds=3)
        sim.faults.plan({"throttle": 0.1, "reset_after": 0.1})
        sim.twilio.add_history(anna.customer, SENDER, "missed", at=two_hours_ago)
        assert anna.received[-1].status == "delivered"
        assert sim.calls("GET", "Messages.json") <= 30 and sim.log.peak <= 20

`sim.url` goes into TWILIO_API_BASE_URL. Without `webhook_base` nothing is posted. Steps are
instant unless `pace=Pace.demo()` is given, and start only when the answer is on the wire.
`faults` lists what can go wrong, `control` the same things over HTTP for other processes.

Layers, each knowing only those before it: records, feed, clock, errors, faults → twilio (with
content and senders) → messages (rules of sending) → webhooks, callbacks, journeys → web, api_*,
control, page → running. Only page and world know Django.
"""

from __future__ import annotations

from .journeys import Pace
from .people import CustomerHandle
from .running import ACCOUNT_SID, AUTH_TOKEN, SENDER, Simulator, running_simulator

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "SENDER", "CustomerHandle", "Pace", "Simulator", "running_simulator"]
