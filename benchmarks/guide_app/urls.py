from __future__ import annotations

from django.urls import path

from benchmarks.guide_app import views

urlpatterns = [path("api/webhooks/whatsapp/twilio", views.inbound)]
