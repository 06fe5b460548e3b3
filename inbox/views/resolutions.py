from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inbox.access import conversation_for
from inbox.models import Conversation
from inbox.refusals import Refused
from inbox.views.fragments import done, is_removal, refused_plainly
from inbox.views.toasts import toast


@require_http_methods(["POST", "DELETE"])
def resolution(request: HttpRequest, pk: int) -> HttpResponse:
    """POST resolves, DELETE opens again."""
    conversation = conversation_for(request.user, pk)
    if is_removal(request):
        return _reopened(request, conversation)
    conversation.resolve(by=request.user)
    return done(request, conversation)


@require_POST
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """`status` is open, pending or resolved."""
    conversation = conversation_for(request.user, pk)
    chosen = request.POST.get("status")
    if chosen == Conversation.Status.PENDING:
        conversation.reopen(by=request.user)
        conversation.set_pending(by=request.user)
    elif chosen == Conversation.Status.OPEN and not conversation.set_open(by=request.user):
        return _reopened(request, conversation)
    elif chosen == Conversation.Status.RESOLVED:
        conversation.resolve(by=request.user)
    return done(request, conversation)


def _reopened(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    if conversation.reopen(by=request.user) or not conversation.is_resolved:
        return done(request, conversation)
    refusal = Refused(
        "not_active", _("Another conversation with this customer is open."), _("Go on there instead.")
    )
    return toast(request, refusal) if request.htmx else refused_plainly(request, conversation, refusal)
