from __future__ import annotations

from channels_whatsapp.api import Send
from inbox.api.urls import both

app_name = "channels_whatsapp"
urlpatterns = [
    *both("api/whatsapp/send", Send, "api-send"),
]
