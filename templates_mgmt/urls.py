from __future__ import annotations

from django.urls import path

from inbox.api.urls import both
from templates_mgmt.api import views as api
from templates_mgmt.views import acts, costs, editor, picker, start, sync, templates

app_name = "templates_mgmt"
urlpatterns = [
    *both("api/v1/templates", api.TemplateList, "api-templates"),
    *both("api/v1/templates/sync", api.SyncTemplates, "api-templates-sync"),
    *both("api/v1/templates/<int:pk>", api.TemplateDetail, "api-template"),
    *both("api/v1/templates/<int:pk>/submit", api.Submit, "api-template-submit"),
    path("templates/", templates.templates, name="templates"),
    path("templates/badges/", templates.badges, name="badges"),
    path("templates/sync/", sync.sync, name="sync"),
    path("templates/new/", editor.new, name="new"),
    path("templates/form/", editor.form, name="form"),
    path("templates/<int:pk>/", editor.template, name="template"),
    path("templates/<int:pk>/archive/", acts.archive, name="archive"),
    path("templates/<int:pk>/deletion/", acts.deletion, name="deletion"),
    path("templates/<int:pk>/languages/", acts.languages, name="languages"),
    path("templates/<int:pk>/versions/", acts.versions, name="versions"),
    path("templates/<int:pk>/submission/", acts.submission, name="submission"),
    # Sending
    path("templates/costs/", costs.costs, name="costs"),
    path("conversations/<int:pk>/templates/", picker.picker, name="picker"),
    path("conversations/<int:pk>/templates/preview/", picker.preview, name="picker_preview"),
    path("channels/<int:pk>/start/<str:address>/", start.start, name="start"),
    path("channels/<int:pk>/start/<str:address>/preview/", start.preview, name="start_preview"),
]
