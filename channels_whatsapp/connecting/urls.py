from __future__ import annotations

from django.urls import path

from channels_whatsapp.connecting.views import accounts, connect, hello, registrations, senders

urlpatterns = [
    path("", connect.connect, name="connect"),
    path("checks/", connect.checks, name="checks"),
    path("checks/<slug:key>/", connect.check, name="check"),
    path("account/", accounts.account, name="account"),
    path("account/settings/", accounts.account_of_settings, name="account_of_settings"),
    path("accounts/<int:pk>/token/", accounts.token, name="token"),
    path("accounts/<int:pk>/senders/", accounts.choices, name="choices"),
    path("accounts/<int:pk>/sandbox/", accounts.sandbox, name="sandbox"),
    path("accounts/<int:pk>/registration/", registrations.registration, name="registration"),
    path("senders/", senders.senders, name="senders"),
    path("senders/<int:pk>/", senders.sender, name="sender"),
    path("senders/<int:pk>/webhooks/", senders.webhooks, name="webhooks"),
    path("senders/<int:pk>/state/", registrations.state, name="state"),
    path("senders/<int:pk>/registration/", registrations.again, name="registration_again"),
    path("senders/<int:pk>/verification/", registrations.verification, name="verification"),
    path("senders/<int:pk>/profile/", registrations.profile, name="profile"),
    path("senders/<int:pk>/move/", registrations.move, name="move"),
    path("senders/<int:pk>/removal/", registrations.removal, name="removal"),
    path("senders/<int:pk>/seen/", senders.seen, name="seen"),
    path("senders/<int:pk>/refresh/", senders.refresh, name="refresh"),
    path("senders/<int:pk>/hello/", hello.hello, name="hello"),
    path("senders/<int:pk>/hello/answer/", hello.answer, name="hello_answer"),
]
