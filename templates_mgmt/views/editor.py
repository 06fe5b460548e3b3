"""Writing one template. The page works by plain posts; htmx keeps preview, checks and draft up to date."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from channels_whatsapp.models import Account
from inbox import clock
from inbox.refusals import Refused
from inbox.views.fragments import marked, number
from templates_mgmt import editing, shaping
from templates_mgmt.access import accounts_for, may_manage, must_manage, template_for
from templates_mgmt.editor import Editor
from templates_mgmt.filling import SOURCES
from templates_mgmt.forms import posted
from templates_mgmt.models import Template
from templates_mgmt.views.answers import refused, submitted_words
from templates_mgmt.views.standing import standing
from templates_mgmt.written import Written

MOST_UNANSWERED = 5
AUTO, SAVE, SUBMIT, SESSION = "auto", "save", "submit", "session"


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """An empty form; a post makes the draft, or goes on with the one that an earlier post made."""
    try:
        must_manage(request.user)
        account = _account(request)
    except Refused as refusal:
        return refused(request, refusal)
    if request.method == "POST":
        pk = number(request.POST.get("template"))
        begun = template_for(request.user, pk) if pk else editing.begun(_earlier(request), by=request.user)
        return _saved(request, begun, account)
    return _page(request, Editor(request.user, shaping.with_first_rows(Written()), account=account))


@require_http_methods(["GET", "POST"])
def template(request: HttpRequest, pk: int) -> HttpResponse:
    """The editor of a draft, or what became of a submitted one; a post saves."""
    found = template_for(request.user, pk)
    if request.method == "POST":
        try:
            must_manage(request.user)
        except Refused as refusal:
            return refused(request, refusal)
        return _saved(request, found, found.family.account)
    if not (found.is_draft and found.content.is_built and may_manage(request.user)) or found.is_archived:
        return standing(request, found)
    editor = Editor.of(found, request.user)
    editor.with_samples = request.GET.get("shows") != "variables"
    return _page(request, editor)


@require_POST
def form(request: HttpRequest) -> HttpResponse:
    """For htmx: preview and checks of what is in the form, and with an act the form after it."""
    try:
        must_manage(request.user)
    except Refused as refusal:
        return refused(request, refusal)
    if not request.htmx:
        return HttpResponseNotAllowed([])
    editor, act = _editor(request), request.POST.get("act", "")
    if not act:
        return render(request, "templates_mgmt/_live.html", {"editor": editor, "oob": True})
    response = render(request, "templates_mgmt/_shaped.html", {"editor": editor, "oob": True})
    return trigger_client_event(
        response, "fanlight:shaped", {"focus": focus_after(act, editor.written)}, after="swap"
    )


def focus_after(act: str, written: Written) -> str:
    """The id of what the hand goes on with."""
    word, _colon, rest = act.partition(":")
    noun, _dot, verb = word.partition(".")
    if word == "fix":
        return rest.partition(":")[2].replace(".", "-")
    if word == "header":
        return f"header-{rest}"
    if noun not in shaping.ROWS:
        return noun
    if verb == "add":
        return f"{noun}-{len(getattr(written, shaping.ROWS[noun]))}-title"
    if verb in ("up", "down"):
        return f"{noun}-{number(rest) + (1 if verb == 'down' else -1)}-{verb}"
    return f"{noun}-add"


def _account(request: HttpRequest) -> Account:
    """The chosen one of those that the person sees, else the first."""
    rows, chosen = accounts_for(request.user).order_by("pk"), number(request.POST.get("account"))
    account = (rows.filter(pk=chosen).first() if chosen else None) or rows.first()
    if account is None:
        sentence = _("There is no Twilio account to write templates for.")
        raise Refused("no_account", sentence, _("Connect one first."))
    return account


def _editor(request: HttpRequest) -> Editor:
    """The form as it was sent, with its act done."""
    pk = number(request.POST.get("template"))
    found = template_for(request.user, pk) if pk else None
    account = found.family.account if found else accounts_for(request.user).order_by("pk").first()
    editor = Editor.of(found, request.user) if found else Editor(request.user, Written(), account=account)
    return _filled(request, editor)


def _filled(request: HttpRequest, editor: Editor) -> Editor:
    act = request.POST.get("act", "")
    written = posted(request.POST, SOURCES, fallback=editor.written)
    approves = not written.content.is_session_only
    named = written if written.name or not editor.template else written.but(name=editor.template.name)
    written = shaping.shaped(named if act.startswith("fix:name") else written, act, for_approval=approves)
    editor.written = shaping.with_first_rows(written) if act else written
    editor.tried = request.POST.get("tried") == "1"
    editor.with_samples = request.POST.get("shows") != "variables"
    editor.stamp = request.POST.get("stamp", "")
    shown = request.POST.get("variables_shown", "").split()
    editor.has_new_variables = shown != [row.name for row in editor.written.used]
    return editor


def _earlier(request: HttpRequest) -> list[Written]:
    """What the page sent before and got no answer about."""
    sent = (QueryDict(words) for words in request.POST.getlist("earlier")[:MOST_UNANSWERED])
    return [shaping.with_first_rows(posted(data, SOURCES, fallback=Written())) for data in sent]


def _saved(request: HttpRequest, found: Template | None, account: Account) -> HttpResponse:
    act = request.POST.get("act", "")
    editor = Editor.of(found, request.user) if found else Editor(request.user, Written(), account=account)
    editor = _filled(request, editor)
    if found is None and editor.written.is_blank and act not in (SAVE, SUBMIT, SESSION):
        return HttpResponse(status=204) if request.htmx else _page(request, editor)
    try:
        saved = _save(request, editor)
        if act in (SUBMIT, SESSION):
            editor.tried = True
            saved.submit(by=request.user, for_approval=act == SUBMIT and editor.for_approval)
    except editing.Stale as stale:
        editor.stale = stale.template
        return _not_saved(request, editor)
    except Refused as refusal:
        editor.refusal = refusal
        return _not_saved(request, editor)
    return _answered(request, editor, saved, act)


def _save(request: HttpRequest, editor: Editor) -> Template:
    if editor.template is None:
        editor.template = editing.create(editor.written, editor.account, by=request.user)
    else:
        editing.save(
            editor.template, editor.written, by=request.user, stamp=editor.stamp,
            earlier=_earlier(request), overwrite=request.POST.get("overwrite") == "1",
        )  # fmt: skip
    editor.stamp = editing.stamp_of(editor.template)
    return editor.template


def _answered(request: HttpRequest, editor: Editor, saved: Template, act: str) -> HttpResponse:
    if request.htmx:
        fresh = Editor.of(saved, request.user)
        fresh.written = editor.written
        is_new = "template" not in request.POST
        context = {"editor": fresh, "oob": True, "saved_at": clock.now(), "has_new_languages": is_new}
        response = render(request, "templates_mgmt/_saved.html", context)
        if request.path.endswith("/new/"):
            response["HX-Replace-Url"] = f"/templates/{saved.pk}/"
        return response
    if act in (SUBMIT, SESSION):
        messages.success(request, submitted_words(saved))
    elif act == SAVE:
        messages.success(request, _("Saved."))
    answer = redirect("templates_mgmt:template", saved.pk)
    if not editor.with_samples:
        answer["Location"] += "?shows=variables"
    section = act.partition(".")[0]
    if section in (*shaping.ROWS, "variable"):
        answer["Location"] += f"#editor-{section}s"
    return answer


def _not_saved(request: HttpRequest, editor: Editor) -> HttpResponse:
    """The form as it was sent, with what stands in the way."""
    if request.htmx:
        response = render(request, "templates_mgmt/_not_saved.html", {"editor": editor, "oob": True})
    else:
        response = _page(request, editor)
    refusal = editor.refusal or Refused("edited_meanwhile", "")
    return marked(response, refusal)


def _page(request: HttpRequest, editor: Editor) -> HttpResponse:
    return render(request, "templates_mgmt/edit.html", {"editor": editor, "section": "templates"})
