"""`application` is served as ours is, so that the difference is the view's alone; `plain` as Django does."""

from __future__ import annotations

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.guide_app.settings"

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from config.bridge import Bridge

application = Bridge(get_wsgi_application(), 4, 25_000_000)
plain = get_asgi_application()
