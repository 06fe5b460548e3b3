from __future__ import annotations

from django.urls import path

from inbox.api.urls import urlpatterns as api
from inbox.views import (
    assignments,
    consent_imports,
    consents,
    contacts,
    conversations,
    drafts,
    help,
    media,
    messages,
    notes,
    resolutions,
    seen,
    starting,
    tags,
    threads,
    uploads,
)

app_name = "inbox"
urlpatterns = [
    # The page and its list
    path("", conversations.index, name="index"),
    path("list/", conversations.conversation_list, name="list"),
    path("views/", conversations.views, name="views"),
    path("conversations/<int:pk>/", conversations.conversation, name="conversation"),
    path("start/", starting.start, name="start"),
    path("rows/<str:pks>/", conversations.rows, name="rows"),
    # The thread
    path("conversations/<int:pk>/messages/", messages.messages, name="messages"),
    path("conversations/<int:pk>/notes/", notes.notes, name="notes"),
    path("conversations/<int:pk>/composer/", threads.composer, name="composer"),
    path("conversations/<int:pk>/details/", threads.details, name="details"),
    path("conversations/<int:pk>/draft/", drafts.draft, name="draft"),
    path("conversations/<int:pk>/uploads/", uploads.uploads, name="uploads"),
    path("uploads/<uuid:key>/", uploads.upload, name="upload"),
    path("messages/<int:pk>/", messages.message, name="message"),
    path("messages/<int:pk>/retry/", messages.retry, name="retry"),
    path("messages/<int:pk>/settlement/", messages.settle, name="settlement"),
    path("media/<uuid:key>/", media.original, name="media"),
    path("media/<uuid:key>/thumb/", media.thumbnail, name="thumbnail"),
    path("media/<uuid:key>/fetch/", media.fetch_again, name="fetch_again"),
    # What is done with a conversation
    path("conversations/<int:pk>/assignment/", assignments.assignment, name="assignment"),
    path("conversations/<int:pk>/resolution/", resolutions.resolution, name="resolution"),
    path("conversations/<int:pk>/status/", resolutions.status, name="status"),
    path("conversations/<int:pk>/seen/", seen.seen, name="seen"),
    path("conversations/<int:pk>/unread/", seen.unread, name="unread"),
    path("conversations/<int:pk>/tags/", tags.tags, name="tags"),
    path("conversations/<int:pk>/tags/<int:tag_pk>/", tags.tag, name="tag"),
    path("conversations/<int:pk>/name/", contacts.name, name="contact_name"),
    # Help
    path("help/", help.index, name="help"),
    path("help/<slug:slug>/", help.subject, name="help_subject"),
    # Consent
    path("conversations/<int:pk>/consent/", consents.consent, name="consent"),
    path("conversations/<int:pk>/consent/question/", consents.question, name="consent_question"),
    path("conversations/<int:pk>/consent/proof/", consents.proof, name="consent_proof"),
    path("conversations/<int:pk>/consent/proof.csv", consents.proof_csv, name="consent_csv"),
    path("messages/<int:pk>/stop/", consents.stop, name="stop"),
    path("consent/import/", consent_imports.upload, name="consent_imports"),
    path("consent/import/<int:pk>/", consent_imports.preview, name="consent_import"),
    # The API
    *api,
]
