"""One settings file for every installation; the environment says what differs.

Without a SECRET_KEY this is an *embedded* installation, for a demonstration or for work on the code: SQLite, a broker
in a folder, a mail capture on this machine and a secret made on the spot, all under `var/demo`. With one it is a real
installation, and everything that only suits a demonstration is refused.
"""

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.contrib.messages import constants as message_levels

from clinic.embedded import embedded_secret
from clinic.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var" / "demo"

env = Env()

EMBEDDED = not (os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE"))
SECRET_KEY = embedded_secret(VAR_DIR) if EMBEDDED else env.secret("SECRET_KEY")
DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if EMBEDDED else None)
PUBLIC_URL = env.address(
    "PUBLIC_URL", schemes=["http", "https"], default="http://127.0.0.1:8000" if EMBEDDED else None
).rstrip("/")

INSTALLED_APPS = [
    "clinic.records",
    "clinic.audit",
    "clinic.staff",
    "clinic.drafts",
    "clinic.patients",
    "monographs",
    "treatments",
    "treatments.courses",
    "treatments.labs",
    "treatments.adverse_events",
    "treatments.outcomes",
    "treatments.supply",
    "treatments.readiness",
    "treatments.dose_day",
    "treatments.reminders",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "crispy_forms",
    "crispy_bootstrap5",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.middleware.KeepPagesPrivate",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.drafts.middleware.KeepAndSignIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

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
                "clinic.context.shell",
                "treatments.reminders.context.site_banner",
            ],
            "libraries": {"clinic": "clinic.template_filters"},
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False
MESSAGE_TAGS = {message_levels.ERROR: "danger"}

# --- Data ------------------------------------------------------------------------------------------------------------

DATABASES = {
    "default": env.database(
        "DATABASE_URL",
        default=f"sqlite:///{VAR_DIR / 'clinic.sqlite3'}" if EMBEDDED else None,
        durable=not EMBEDDED,
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Accounts --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "worklist"
ACCOUNT_ADAPTER = "clinic.staff.adapters.ClosedToSignUp"
ACCOUNT_FORMS = {
    "login": "clinic.staff.forms.SignInForm",
    "reset_password": "clinic.staff.forms.ForgottenPasswordForm",
    "reset_password_from_key": "clinic.staff.forms.ChoosePasswordForm",
    "set_password": "clinic.staff.forms.FirstPasswordForm",
    "change_password": "clinic.staff.forms.ChangePasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
# Axes counts failed sign-ins in the database; allauth's own cache-based limits would collide with it.
ACCOUNT_RATE_LIMITS = {"login_failed": False}
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "clinic.staff.adapters.throttled_name"
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# --- Browser ---------------------------------------------------------------------------------------------------------

SECURE_TRANSPORT = not (EMBEDDED or DEBUG)
SESSION_COOKIE_NAME = "__Host-session" if SECURE_TRANSPORT else "session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_TRANSPORT
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-csrftoken" if SECURE_TRANSPORT else "csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "clinic.drafts.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SECURE_SSL_REDIRECT = SECURE_TRANSPORT
SECURE_REDIRECT_EXEMPT = [r"^health/(live|ready)$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", default=False) else None
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60 if SECURE_TRANSPORT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_TRANSPORT
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

STATIC_URL = "static/"
STATIC_ROOT = None if EMBEDDED else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = EMBEDDED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Words and time --------------------------------------------------------------------------------------------------

# Everything is stored in UTC; each site's own zone decides which day it is there.
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
LANGUAGES = [("en-gb", "English"), ("de", "German"), ("es", "Spanish"), ("fr", "French")]
PRODUCT_NAME = "Tidemark"

# --- Mail ------------------------------------------------------------------------------------------------------------

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
_mail = env.mail(default="smtp://127.0.0.1:1025" if EMBEDDED else None)
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = _mail.use_tls, _mail.use_ssl, _mail.timeout
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL", default="Appointments <appointments@localhost>" if EMBEDDED else None
)

# --- Work in the background ------------------------------------------------------------------------------------------

CELERY_BROKER_URL = env.address(
    "CELERY_BROKER_URL", schemes=["redis", "rediss", "atomicfs"], default="atomicfs://" if EMBEDDED else None
)
_in_a_folder = CELERY_BROKER_URL.startswith("atomicfs")
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker-control"),
        "polling_interval": 0.1,
    }
    if _in_a_folder
    else {"visibility_timeout": 600, "unacked_restore_interval": 30, "unacked_restore_throttle": 1}
)
# Late acknowledgement protects nothing on the folder broker and slows it down; the ledger repairs what is lost.
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = not _in_a_folder
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "treatments.reminders.scheduler:Scheduler"
# An entry expires just before its next turn, so that a worker coming back finds one job, not a hundred.
CELERY_BEAT_SCHEDULE = {
    "plan and send reminders": {
        "task": "treatments.reminders.tasks.plan_and_send",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Database errors quote values of the row in question, which may name a patient.
    "loggers": {"django.db.backends": {"level": "CRITICAL"}, "axes": {"level": "ERROR"}},
}

env.seal()
