from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST

from inbox.access import conversation_for
from inbox.forms import TagForm
from inbox.models import Tag
from inbox.views.fragments import done, is_removal


@require_POST
def tags(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the tag called `name`; a new name makes a new tag."""
    conversation = conversation_for(request.user, pk)
    form = TagForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        found = Tag.objects.filter(name__iexact=name).first()
        conversation.tag(found or Tag.objects.get_or_create(name=name)[0], by=request.user)
    return done(request, conversation)


@require_http_methods(["POST", "DELETE"])
def tag(request: HttpRequest, pk: int, tag_pk: int) -> HttpResponse:
    """DELETE takes the tag off this conversation."""
    conversation = conversation_for(request.user, pk)
    found = get_object_or_404(Tag, pk=tag_pk)
    if is_removal(request):
        conversation.untag(found, by=request.user)
    return done(request, conversation)
