from __future__ import annotations

from django.urls import path

from templates_mgmt.views import editor, templates

app_name = "templates_mgmt"
urlpatterns = [
    path("templates/", templates.templates, name="templates"),
    path("templates/badges/", templates.badges, name="badges"),
    path("templates/<int:pk>/", editor.template, name="template"),
]
