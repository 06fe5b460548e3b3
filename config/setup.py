"""The first admin of an empty installation, by a link that only the person at the terminal has."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.secret import kept_secret

FILE = "setup_token"
LOCK = 7_263_545  # any number: one set-up at a time


class FirstAdminForm(BaseUserCreationForm):
    """Username, email and a password twice, by the rules that hold for everybody."""

    class Meta:
        model = get_user_model()
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["password1"].label = _("Password")
        self.fields["password2"].label = _("Password again")

    def save(self, commit: bool = True) -> Any:
        self.instance.is_staff = self.instance.is_superuser = True
        return super().save(commit)


def is_open() -> bool:
    """Only while nobody could have let the first admin in."""
    return not get_user_model().objects.filter(is_superuser=True, is_active=True).exists()


def path() -> str:
    """The link's path. The token is made once and lies readable for its owner only under DATA_DIR."""
    return f"/setup/{kept_secret(settings.DATA_DIR, FILE, length=24)}/"


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def first_admin(request: HttpRequest, token: str) -> HttpResponse:
    check(token)
    form = FirstAdminForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            check(token)
            admin = form.save()
        (settings.DATA_DIR / FILE).unlink(missing_ok=True)
        login(request, admin, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("channels_whatsapp:connect")
    response = render(request, "setup.html", {"form": form}, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response


def check(token: str) -> None:
    """:raises Http404: for a wrong token, a used one, and when there is an admin already."""
    try:
        kept = (settings.DATA_DIR / FILE).read_text().strip()
    except OSError:
        raise Http404 from None
    if not constant_time_compare(token, kept) or not is_open():
        raise Http404
