from __future__ import annotations

from django.urls import path

from inbox.api.urls import urlpatterns as api
from inbox.views import conversations

app_name = "inbox"
urlpatterns = [
    # The page and its list
    path("", conversations.index, name="index"),
    path("list/", conversations.conversation_list, name="list"),
    path("views/", conversations.views, name="views"),
    path("conversations/<int:pk>/", conversations.conversation, name="conversation"),
    path("conversations/<int:pk>/row/", conversations.row, name="row"),
    # The thread
    # The API
    *api,
]
