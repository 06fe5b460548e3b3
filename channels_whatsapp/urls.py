from __future__ import annotations

from django.urls import include, path, re_path

from channels_whatsapp import links, webhooks
from channels_whatsapp.api import Send
from inbox.api.urls import both

app_name = "channels_whatsapp"
_WEBHOOKS = "^api/webhooks/whatsapp/twilio"
urlpatterns = [
    # Reached through WebhookMiddleware only, with or without the slash: a redirect would lose the body.
    re_path(f"{_WEBHOOKS}(?:/fallback)?/?$", webhooks.inbound, name="inbound"),
    re_path(f"{_WEBHOOKS}/status/?$", webhooks.status, name="status"),
    re_path(f"{_WEBHOOKS}/events/?$", webhooks.events, name="events"),
    path("api/files/<str:token>/<str:name>", links.outbound_file, name="outbound_file"),
    path("connect/", include("channels_whatsapp.connecting.urls")),
    *both("api/whatsapp/send", Send, "api-send"),
]
