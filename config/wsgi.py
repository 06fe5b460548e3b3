"""Pages and webhooks for a WSGI server of one's own; `/events/` needs config/asgi.py beside it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
