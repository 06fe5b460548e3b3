from __future__ import annotations

from django.urls import URLPattern

app_name = "templates_mgmt"
urlpatterns: list[URLPattern] = []
