from __future__ import annotations

from allauth.account import urls as account_urls
from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path

from config import health, setup
from inbox.accounts import sign_in_for_admin
from inbox.views.events import events

# Sign-in has addresses of its own. Who works here and under which email address, admins say: an address
# that somebody added themselves would open the account after its password was changed.
NOT_OURS = {
    "account_login", "account_logout", "account_email", "account_confirm_email",
    "account_email_verification_sent", "account_confirm_login_code",
}  # fmt: skip

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("setup/<str:token>/", setup.first_admin, name="setup"),
    path("events/", events, name="events"),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("account/", include([p for p in account_urls.urlpatterns if p.name not in NOT_OURS])),
    # One door with one rate limit: the admin's own sign-in page would be a second.
    path("admin/login/", sign_in_for_admin),
    path("admin/", admin.site.urls),
    path("", include("channels_whatsapp.urls")),
    path("", include("templates_mgmt.urls")),
    path("", include("inbox.urls")),
]
