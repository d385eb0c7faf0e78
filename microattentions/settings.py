"""Settings, all from the environment, one block a subject; the defaults run the embedded demo."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from microattentions import logs
from microattentions.installation import installation_secret

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# Where everything that is written goes: database, broker, logs, the secret of an embedded installation.
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))
DATA_DIR.mkdir(parents=True, exist_ok=True)

# Process
DEBUG = env.bool("DEBUG", default=False)
PRODUCTION = env.bool("PRODUCTION", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if PRODUCTION and not SECRET_KEY:
    raise ImproperlyConfigured(
        "PRODUCTION needs a SECRET_KEY of its own: every link, login and address key hangs on it."
    )
SECRET_KEY = SECRET_KEY or installation_secret(DATA_DIR)
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
# The address that customers' links (unsubscribe, clicks) and providers' callbacks point to.
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://{HOST}:{PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024

# Business time is read from this file where it is set (simulations and tests only); see campaigns/clock.py.
CLOCK_FILE = env.str("CLOCK_FILE", default="")

INSTALLED_APPS = [
    "microattentions",
    "campaigns",
    "triggers",
    "analytics",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "microattentions.admin_site.StudioAdminConfig",
    "rest_framework",
    "drf_spectacular",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "microattentions.without_nul.WithoutNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "microattentions.shop_time.ShopTimeMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "microattentions.urls"
WSGI_APPLICATION = "microattentions.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "microattentions.navigation.studio",
            ]
        },
    }
]

# Form controls of our own have their templates beside the pages'.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database: SQLite in the data folder, or PostgreSQL by DATABASE_URL.
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'microattentions.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        {
            # Without IMMEDIATE two writers that both began by reading fail at once with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
        }
    )
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=300)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# An index that also holds the customer is a plain one on SQLite, which is meant.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

# Broker and beat. A message is only a doorbell: nothing is lost or doubled when one is.
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default="microattentions")
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=2)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # A ring without a broker must fail at once: the ingest waits for it, and beat finds the same work.
    "max_retries": 1,
    "interval_start": 0.1,
    "interval_step": 0,
    "interval_max": 0.1,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "plan": {"task": "triggers.plan", "schedule": 60.0},
    "entries": {"task": "triggers.entries", "schedule": 60.0},
    "dispatch": {"task": "triggers.dispatch", "schedule": 20.0},
    "sweep": {"task": "triggers.sweep", "schedule": 60.0},
    "watch": {"task": "triggers.watch", "schedule": 60.0},
    "tiers": {"task": "triggers.end_lapsed_tiers", "schedule": 3600.0},
    "draw": {"task": "triggers.draw_global_group", "schedule": 3600.0},
    "measure": {"task": "analytics.measure", "schedule": 3600.0},
    "digest": {"task": "analytics.digest", "schedule": 1800.0},
}

# Sending. Without a key the outbox keeps each message and shows it in the browser.
SENDGRID_API_KEY = env.str("SENDGRID_API_KEY", default="")
SENDGRID_HOST = env.str("SENDGRID_HOST", default="https://api.sendgrid.com")
SENDGRID_WEBHOOK_PUBLIC_KEY = env.str("SENDGRID_WEBHOOK_PUBLIC_KEY", default="")
# Believed as well while a key or token is being changed; emptied afterwards.
SENDGRID_WEBHOOK_PUBLIC_KEY_FALLBACKS = env.list("SENDGRID_WEBHOOK_PUBLIC_KEY_FALLBACKS", default=[])
TWILIO_AUTH_TOKEN_FALLBACKS = env.list("TWILIO_AUTH_TOKEN_FALLBACKS", default=[])
SMTP_URL = env.str("SMTP_URL", default="")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_HOST = env.str("TWILIO_HOST", default="https://api.twilio.com")
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", default="sendgrid" if SENDGRID_API_KEY else "smtp" if SMTP_URL else "outbox")
SMS_PROVIDER = env.str("SMS_PROVIDER", default="twilio" if TWILIO_ACCOUNT_SID else "outbox")
# Outside production only these recipients are written to by a real provider: addresses, @domains, phone prefixes.
RECIPIENT_ALLOW_LIST = env.list("RECIPIENT_ALLOW_LIST", default=[])
# Messages a second (triggers/dispatch/rates.py): "email=100,email:sender=50,email:domain=20,sms=50,sms:sender=10".
SENDING_RATES = env.dict("SENDING_RATES", default={})
# SPF, DKIM and DMARC of the senders' domains, looked up before an e-mail campaign is launched; a sink needs none.
CHECK_SENDER_DNS = env.bool(
    "CHECK_SENDER_DNS",
    default=PRODUCTION and (EMAIL_PROVIDER == "sendgrid" or "tls=" in SMTP_URL.replace("tls=none", "")),
)
DKIM_SELECTORS = env.list("DKIM_SELECTORS", default=["s1", "s2"])
# HOST:PORT of another name server than the machine's own, for tests.
DNS_SERVER = env.str("DNS_SERVER", default="")
# At most this many a batch; never more than can be called in half a second (triggers/dispatch/send.py).
DISPATCH_BATCH = env.int("DISPATCH_BATCH", default=1000)
DISPATCH_CONNECTIONS = env.int("DISPATCH_CONNECTIONS", default=8)
# After this a worker counts as dead; far above the longest call, or living ones would be taken for dead.
DISPATCH_LEASE_SECONDS = env.int("DISPATCH_LEASE_SECONDS", default=120)

# Mail to the people of the studio (the digest): smtp://user:password@host:25, smtp+tls:// or smtp+ssl://. Without an
# address each mail is a file in the data folder.
EMAIL_URL = env.str("EMAIL_URL", default="")
MAILERS: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": str(DATA_DIR / "mail")},
    }
}
if EMAIL_URL:
    mail_server = env.email_url("EMAIL_URL")
    MAILERS["default"] = {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": mail_server["EMAIL_HOST"],
            "port": mail_server["EMAIL_PORT"] or 25,
            "username": mail_server["EMAIL_HOST_USER"] or "",
            "password": mail_server["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": bool(mail_server.get("EMAIL_USE_TLS")),
            "use_ssl": bool(mail_server.get("EMAIL_USE_SSL")),
            "timeout": 20,
        },
    }

# Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["microattentions.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Files
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

# Accounts and browser safety
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
LOGIN_URL = "admin:login"
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "frame-ancestors": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "manifest-src": [CSP.SELF],
}

# REST API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["campaigns.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["campaigns.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["campaigns.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "campaigns.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    # `?format=csv` belongs to the reports.
    "URL_FORMAT_OVERRIDE": None,
}
# Requests a key may make a minute in one web process, each of up to 1,000 items; 0 is no limit.
API_REQUESTS_A_MINUTE = env.int("API_REQUESTS_A_MINUTE", default=6000)
SPECTACULAR_SETTINGS = {
    "TITLE": "Microattentions API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# Logs: one line of JSON an event on stderr, never a name, an address or a text.
LOGGING = logs.configuration(env.str("LOG_LEVEL", default="INFO"))
logs.configure()

# Who may read /metrics: a Bearer token; without one, this machine alone.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
