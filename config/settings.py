"""Every setting comes from the environment or `.env`; README, "Settings", lists them.

What may be missing has a working default. What contradicts itself is a system check
(`config/checks.py`) that names the setting and the mend.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import get_language_info

from config import postgres
from config.secret import kept_secret, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent


class Env(environ.Env):
    """Says which setting is wrong. An empty one is one that is not set."""

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        if default is not self.NOTSET and not self.ENVIRON.get(var, "").strip():
            return self.parse_value(default, cast) if parse_default else default
        try:
            return super().get_value(var, cast, default, parse_default)
        except (ValueError, TypeError) as error:
            raise ImproperlyConfigured(f"{var} is set to something it cannot be: {error}.") from error

    @classmethod
    def parse_value(cls, value: Any, cast: Any) -> Any:
        """:raises ValueError: also for a yes or no that is neither; the library takes it for a no."""
        if cast is bool and value.strip().lower() not in (*cls.BOOLEAN_TRUE_STRINGS, *NO):
            raise ValueError(f"write 1 or 0, not {value!r}")
        return super().parse_value(value, cast)

    def word(self, var: str, default: str, is_right: Callable[[str], object], mend: str) -> str:
        """A text with a form of its own; `mend` says which."""
        value = self.str(var, default=default).strip()
        if not is_right(value):
            raise ImproperlyConfigured(f"{var} cannot be {value!r}. {mend}")
        return value

    def postgres_url(self, var: str, default: str) -> dict[str, Any]:
        """Django's words for a database. What is wrong is not repeated: it may hold a password."""
        url = self.str(var, default=default).strip()
        try:
            config = self.db_url_config(url) if POSTGRES_URL.match(url) else {}
        except ValueError:  # a port that is none
            config = {}
        if not config.get("NAME"):
            raise ImproperlyConfigured(
                f"{var} is not the address of a PostgreSQL database."
                " Write it as postgres://user:password@host/name."
            )
        return config

    def mail_url(self, var: str, default: str) -> dict[str, Any]:
        try:
            return self.email_url(var, default=default)
        except (ImproperlyConfigured, ValueError) as error:
            mend = "Write it as smtp+tls://user:password@host:587."
            raise ImproperlyConfigured(f"{var} is not the address of a mail server. {mend}") from error

    def languages(self, var: str, default: list[str]) -> list[tuple[str, str]]:
        """Each code with the language's own name."""
        codes = [code.strip() for code in self.list(var, default=default)]
        try:
            return [(code, get_language_info(code)["name_local"]) for code in codes]
        except KeyError as error:
            mend = "Write codes such as en,de."
            raise ImproperlyConfigured(f"{var} has a language that Django does not know. {mend}") from error

    def read_file(self, path: Path) -> None:
        """The library passes over a file that it may not read, and every setting would be its default."""
        if path.is_file() and not os.access(path, os.R_OK):
            raise ImproperlyConfigured(
                f"{path} may not be read by this user. Make it readable (chown, chmod), or remove it."
            )
        self.read_env(path)


def is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name, a directory of names
        return False
    return True


NO = ("0", "false", "off", "no", "n")
POSTGRES_URL = re.compile(r"(postgres|postgresql|psql|pgsql)://")
RATE = re.compile(r"[1-9]\d*/(s|sec|second|m|min|minute|h|hour|d|day)s?")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

env = Env()
env.read_file(BASE_DIR / ".env")

PORT = env.int("PORT", default=8000)
DATA_DIR = Path(env.str("DATA_DIR", default=".data"))
DATA_DIR = DATA_DIR if DATA_DIR.is_absolute() else BASE_DIR / DATA_DIR
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(DATA_DIR)
# Old keys still open what they sealed (sessions, encrypted tokens) while a key is being changed.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="").rstrip("/")
_public_hosts = re.findall(r"^https?://([^/:]+)", PUBLIC_BASE_URL)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", *_public_hosts])
TESTING = "pytest" in sys.modules

# --- Twilio -------------------------------------------------------------------------------

TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
# All verify signatures, the first one sends.
TWILIO_AUTH_TOKEN = [t.strip() for t in env.list("TWILIO_AUTH_TOKEN", default=[]) if t.strip()]
TWILIO_WHATSAPP_FROM = env.str("TWILIO_WHATSAPP_FROM", default="")
WHATSAPP_BUSINESS_PHONE_NUMBER = env.str("WHATSAPP_BUSINESS_PHONE_NUMBER", default="")
# Replaces scheme and host of api., content. and messaging.twilio.com; paths stay.
TWILIO_API_BASE_URL = env.str("TWILIO_API_BASE_URL", default="").rstrip("/")
# Connect and read, in seconds: the SDK itself has no limit.
TWILIO_TIMEOUT = env.float("TWILIO_TIMEOUT", default=10.0)
SIMULATOR_PORT = env.int("SIMULATOR_PORT", default=PORT + 1)

# With DEMO a pretend account and the simulator stand in for Twilio. `serve --dev` without credentials
# makes a demo of an installation, and the other commands then find one.
DEMO = env.bool(
    "DEMO", default=not TWILIO_ACCOUNT_SID and ("--dev" in sys.argv or (DATA_DIR / "demo_password").exists())
)
DEMO_ACCOUNT_SID = "AC" + hashlib.md5(b"demo account", usedforsecurity=False).hexdigest()
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")
if DEMO:
    generated_password = kept_secret(DATA_DIR, "demo_password", length=9)  # also marks the demo
    DEMO_PASSWORD = DEMO_PASSWORD or generated_password
if DEMO and not TWILIO_ACCOUNT_SID:
    TWILIO_ACCOUNT_SID = DEMO_ACCOUNT_SID
    TWILIO_AUTH_TOKEN = [hmac.new(SECRET_KEY.encode(), b"demo token", hashlib.sha256).hexdigest()[:32]]
    TWILIO_API_BASE_URL = TWILIO_API_BASE_URL or f"http://127.0.0.1:{SIMULATOR_PORT}"
    PUBLIC_BASE_URL = PUBLIC_BASE_URL or f"http://127.0.0.1:{PORT}"

# --- Applications -------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "templates_mgmt",
    "channels_whatsapp",
    "inbox",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "lucide",
]

MIDDLEWARE = [
    "config.middleware.AccessLogMiddleware",
    # Webhooks are answered before sessions, sign-in and CSRF: they have a signature instead.
    "channels_whatsapp.middleware.WebhookMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.BackOfficeMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "inbox.middleware.AgentMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "inbox.context.shell",
            ],
        },
    },
]

# --- Database: data, queue, live updates, search, rate limits, sessions ---------------------

# Without DATABASE_URL a PostgreSQL of our own under DATA_DIR, see config/postgres.py.
DATABASE_URL = env.str("DATABASE_URL", default="")
EMBEDDED_POSTGRES = not DATABASE_URL
_database = env.postgres_url("DATABASE_URL", default=postgres.url(DATA_DIR))
DATABASES = {
    "default": {
        **_database,
        # A unix socket's directory is written with %2F in an address.
        "HOST": unquote(_database["HOST"]),
        "CONN_MAX_AGE": None,
        # Without it the first request of each thread after a database restart fails.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_database.get("OPTIONS", {}),
            "connect_timeout": 3,
            "options": "-c statement_timeout=10s -c idle_in_transaction_session_timeout=30s"
            # Every answer here is small: found before a parallel worker has started or a compiler is warm.
            " -c max_parallel_workers_per_gather=0 -c jit=off",
        },
    }
}
# The event stream and the worker LISTEN, which a transaction-pooling proxy breaks: they connect here.
DATABASE_DIRECT_URL = env.str("DATABASE_DIRECT_URL", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
}

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_READONLY_MODELS = True

# --- People ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "inbox.Agent"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
ACCOUNT_ADAPTER = "inbox.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "inbox.accounts.LoginForm"}
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
EMAIL_CONFIG = env.mail_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str(
    "EMAIL_FROM", default=f"Fanlight <noreply@{next(iter(_public_hosts), 'localhost')}>"
)

# --- The web process --------------------------------------------------------------------------

# Threads that run pages and webhooks, each with a database connection of its own.
WEB_THREADS = env.int("WEB_THREADS", default=4)
# Largest request, in bytes: WhatsApp takes files up to 16 MB.
WEB_MAX_BODY = 25_000_000

# --- Transport and content security ----------------------------------------------------------

HTTPS = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL] if PUBLIC_BASE_URL else []
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A proxy in front may speak for the client only when we are told that there is one.
TRUSTED_PROXY = env.bool("TRUSTED_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUSTED_PROXY else 0

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# Webhooks have a limit of their own in the middleware; this one is for pages.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# --- Files ------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# No MEDIA_URL: attachments leave only through views that check who asks.
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TESTING or DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# --- Language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Only what is translated: half a page in another language, and mirrored, helps nobody.
LANGUAGES = env.languages("LANGUAGES", default=["en"])
USE_I18N = True
TIME_ZONE = env.word("TIME_ZONE", "UTC", is_time_zone, "Write a name such as Europe/London.")
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]

# --- API ----------------------------------------------------------------------------------------

API_RATE = env.word("API_RATE", "600/min", RATE.fullmatch, "Write a number for a time, such as 600/min.")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "inbox.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["inbox.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["inbox.api.throttles.PerCaller"],
    "DEFAULT_PARSER_CLASSES": ["inbox.api.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "inbox.api.pagination.NewestFirst",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {"api": API_RATE},
    "EXCEPTION_HANDLER": "inbox.api.errors.handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Fanlight API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["inbox.api.permissions.HasScope"],
    "ENUM_NAME_OVERRIDES": {
        "ConversationStatus": "inbox.models.Conversation.Status",
        "MessageStatus": "inbox.models.Message.Status",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- How long things are kept ------------------------------------------------------------------

RECEIPT_DAYS = env.int("RECEIPT_DAYS", default=30)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# --- Logs: structured, masked (config/logs.py) -------------------------------------------------

LOG_LEVEL = env.word("LOG_LEVEL", "INFO", LOG_LEVELS.__contains__, f"Write one of {', '.join(LOG_LEVELS)}.")
LOGGING_CONFIG = "config.logs.configure"
DEFAULT_EXCEPTION_REPORTER = "config.error_pages.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.error_pages.Shapes"
LOGGING = {"level": LOG_LEVEL, "json": env.bool("LOG_JSON", default=not sys.stderr.isatty())}
