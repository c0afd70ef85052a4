"""Every setting of the product, read from the environment; the docs' operations page lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.csp import CSP

from dealwright.base.database.address import database_settings
from dealwright.base.operations.stream_address import stream_origins
from dealwright.base.secrets import read_secret
from dealwright.site import environment

SOURCE = Path(__file__).resolve().parent.parent
DATA_DIR = environment.folder("DEALWRIGHT_DATA_DIR", SOURCE.parent.parent / "data")

DEBUG = environment.boolean("DEALWRIGHT_DEBUG")
SECRET_KEY = read_secret(DATA_DIR, "django")
PUBLIC_URL = environment.text("DEALWRIGHT_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = environment.words("DEALWRIGHT_HOSTS", "*")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, *environment.words("DEALWRIGHT_TRUSTED_ORIGINS")]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CSRF_FAILURE_VIEW = "dealwright.base.web.errors.csrf_failed"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "worker-src": [CSP.SELF, "blob:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

# Live updates come from a process of their own: on the port beside, or where a proxy has them.
STREAM_PORT = environment.integer("DEALWRIGHT_STREAM_PORT", 0)
STREAM_URL = environment.text("DEALWRIGHT_STREAM_URL")
SECURE_CSP["connect-src"] += stream_origins(PUBLIC_URL, STREAM_URL, STREAM_PORT)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

SYSTEMS = [
    "dealwright.crm",
    "dealwright.signing",
    "dealwright.contracts",
    "dealwright.intelligence",
    "dealwright.acceleration",
    "dealwright.compensation",
    "dealwright.flows",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.idp.oidc",
    "procrastinate.contrib.django",
    "anymail",
    "dealwright.base",
    *SYSTEMS,
    "dealwright.site",
]
AUTH_USER_MODEL = "base.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "dealwright.site.urls"
WSGI_APPLICATION = "dealwright.site.wsgi.application"

MIDDLEWARE = [
    "dealwright.base.operations.metrics.MetricsMiddleware",
    "dealwright.base.web.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "dealwright.base.people.policy.SignInPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "dealwright.base.api.refusals.ProblemMiddleware",
    "dealwright.base.api.idempotency.IdempotencyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "dealwright.base.web.middleware.PersonMiddleware",
    "dealwright.base.web.middleware.ErrorMiddleware",
    # Innermost: what it raises to send a person to another page is no error.
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "dealwright.base.web.jinja.environment",
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dealwright.base.web.context.shell",
                "dealwright.base.people.context.sign_in",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database_settings(environment.text("DATABASE_URL"), DATA_DIR)}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/me/login/"
LOGIN_REDIRECT_URL = "/"

# Sign-in by allauth. Nobody signs up: the first administrator at /welcome, others by invitation.
ACCOUNT_ADAPTER = "dealwright.base.people.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PUBLIC_URL.startswith("https://") else "http"
MFA_ADAPTER = "dealwright.base.people.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PUBLIC_URL.startswith("https://")
SOCIALACCOUNT_ADAPTER = "dealwright.base.people.adapter.ForeignSignInAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
IDP_OIDC_ADAPTER = "dealwright.base.people.adapter.IdentityProviderAdapter"
# A program that people let in and that does not come back for so long must ask them anew.
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 60 * 24 * 3600
# Behind so many proxies: the address that rate limits count by is read from X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = environment.integer("DEALWRIGHT_PROXIES", 0)

# Shared by all processes, so that a rate limit counts everywhere and a one-time code works once.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "base_cache",
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [SOURCE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Mail: the server and sender of the whole installation; else administrators set them.
SMTP_URL = environment.text("DEALWRIGHT_SMTP_URL")
MAIL_FROM = environment.text("DEALWRIGHT_MAIL_FROM")
MAILERS = {"default": {"BACKEND": "dealwright.base.messaging.backend.OutboxBackend"}}

# RFC 3161: where anchors of the evidence and seals are time-stamped (off while empty), and the
# PEM file of the roots that its certificates must lead to. Seals ask the next authority where
# one fails.
TSA_URL, *TSA_FURTHER_URLS = environment.words("DEALWRIGHT_TSA_URL") or [""]
TSA_ROOTS = environment.text("DEALWRIGHT_TSA_ROOTS")
# The level of seals where none is chosen in the product, and the library of PKCS#11 tokens.
SEAL_PROFILE = environment.text("DEALWRIGHT_SEAL_PROFILE")
PKCS11_MODULE = environment.text("DEALWRIGHT_PKCS11_MODULE")
# Where the newest root over all evidence is published once a day, outside of the database.
ANCHOR_FILE = environment.text("DEALWRIGHT_ANCHOR_FILE")
ANCHOR_MAIL = environment.text("DEALWRIGHT_ANCHOR_MAIL")

FILE_UPLOAD_HANDLERS = [
    "dealwright.base.files.upload.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
UPLOAD_MAX_BYTES = 1_000_000_000

STATIC_URL = "/static/"
STATICFILES_DIRS = [SOURCE / "base" / "web" / "static"]
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Ours alone, see base/operations/logs.py: Django's would undo it when it is set up once more.
LOGGING_CONFIG = None

SILENCED_SYSTEM_CHECKS: list[str] = []
