"""The picker as a page, for somebody with whom there is no conversation yet."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inbox.access import channels_for
from inbox.forms import ReplyForm
from inbox.models import Channel, Conversation
from inbox.refusals import Refused
from inbox.views import fragments
from templates_mgmt import starting
from templates_mgmt.access import template_for
from templates_mgmt.picker import Picker
from templates_mgmt.views.picker import given_for, judged_by, refused, shown, values_of, wish_of


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, pk: int, address: str) -> HttpResponse:
    """GET: what can be sent to this address over this channel. POST: send it, which makes it all."""
    channel = _channel(request, pk)
    if existing := starting.conversation_at(request.user, channel, address):
        return _opened_instead(request, existing)
    if request.method == "POST":
        return _send(request, _picker(request, channel, address, request.POST))
    return shown(request, _picker(request, channel, address, request.GET))


@require_POST
def preview(request: HttpRequest, pk: int, address: str) -> HttpResponse:
    found = _picker(request, _channel(request, pk), address, request.POST)
    return render(request, "templates_mgmt/_picker_preview_answer.html", {"picker": found})


def _channel(request: HttpRequest, pk: int) -> Channel:
    return get_object_or_404(channels_for(request.user).filter(is_active=True), pk=pk)


def _picker(request: HttpRequest, channel: Channel, address: str, asked: QueryDict) -> Picker:
    """:raises Http404: it is no address."""
    prospect = starting.prospect(request.user, channel, address)
    if prospect is None:
        raise Http404
    return Picker(
        prospect,
        request.user,
        reverse("templates_mgmt:start", args=[channel.pk, address]),
        reverse("templates_mgmt:start_preview", args=[channel.pk, address]),
        f"{reverse('inbox:start')}?{urlencode({'channel': channel.pk})}",
        wish=wish_of(asked),
        given=values_of(asked),
        judged=judged_by(request),
        is_page=True,
    )


def _opened_instead(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """Somebody was faster, unless that was this very press of Send."""
    form = ReplyForm(request.POST)
    form.is_valid()
    if request.method == "POST" and not conversation.messages.filter(client_id=form.act).exists():
        said = _("A conversation with this customer began meanwhile, so nothing was sent. Read it first.")
        messages.warning(request, said)
    return fragments.back_to(conversation)


def _send(request: HttpRequest, found: Picker) -> HttpResponse:
    form = ReplyForm(request.POST)
    form.is_valid()
    template = template_for(request.user, fragments.number(request.POST.get("template")))
    content = {
        "content_sid": template.content_sid,
        "content_variables": given_for(template, request.POST),
    }
    prospect = found.conversation
    try:
        made = starting.write_first(
            prospect.channel, prospect.address.value, by=request.user, template=content, client_id=form.act
        )
    except Refused as refusal:
        found.client_id = form.act
        return refused(request, found, refusal)
    return fragments.back_to(made)
