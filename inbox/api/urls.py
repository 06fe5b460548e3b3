from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import APIView

from inbox.api import schema, views
from inbox.api.errors import not_found


def both(route: str, view: type[APIView], name: str) -> list[URLPattern]:
    """An address with its slash and without: the redirect between them would lose a POST's body."""
    return [path(f"{route}/", view.as_view(), name=name), path(route, view.as_view(schema=None))]


urlpatterns = [
    path("api/schema/", schema.schema, name="schema"),
    path("api/docs/", schema.docs, name="api-docs"),
    *both("api/v1/channels", views.ChannelList, "api-channels"),
    *both("api/v1/contacts", views.ContactList, "api-contacts"),
    *both("api/v1/contacts/<int:pk>", views.ContactDetail, "api-contact"),
    *both("api/v1/conversations", views.ConversationList, "api-conversations"),
    *both("api/v1/conversations/<int:pk>", views.ConversationDetail, "api-conversation"),
    *both("api/v1/conversations/<int:pk>/messages", views.ConversationMessages, "api-conversation-messages"),
    *both("api/v1/conversations/<int:pk>/assign", views.Assign, "api-assign"),
    *both("api/v1/conversations/<int:pk>/resolve", views.Resolve, "api-resolve"),
    *both("api/v1/conversations/<int:pk>/reopen", views.Reopen, "api-reopen"),
    *both("api/v1/messages", views.MessageList, "api-messages"),
    *both("api/v1/messages/<int:pk>", views.MessageDetail, "api-message"),
    *both("api/v1/messages/<int:pk>/retry", views.Retry, "api-retry"),
    # Last: nothing else may lie under /api/ after this.
    re_path("^api/", csrf_exempt(login_not_required(not_found))),
]
