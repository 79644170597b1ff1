"""Django's settings, derived from core.env: the environment is read there and nowhere else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from qingliu.config.secret import secret_key
from qingliu.core import env

QINGLIU = env.load()

_PACKAGE = Path(__file__).resolve().parent.parent
_HTTPS = QINGLIU.base_url.startswith("https://")
_PUBLIC_HOST = urlsplit(QINGLIU.base_url).hostname

DEBUG = QINGLIU.debug
SECRET_KEY = secret_key(QINGLIU.secret_key, QINGLIU.home)
ALLOWED_HOSTS = [*QINGLIU.allowed_hosts, *([_PUBLIC_HOST] if _PUBLIC_HOST else [])]
ROOT_URLCONF = "qingliu.config.urls"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_q",
    "qingliu.audit",
    "qingliu.accounts",
    "qingliu.catalog",
    "qingliu.quality",
    "qingliu.privacy",
    "qingliu.bilingual",
    "qingliu.participation",
    "qingliu.pipeline",
    "qingliu.web",  # before allauth: its templates stand in for allauth's
    "qingliu.config",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "qingliu.config.headers.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "qingliu.accounts.second_factor.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Writers queue for up to 30 s instead of failing; IMMEDIATE takes the write lock before the first read, so that two
# transactions never deadlock on an upgrade. FULL: a recorded version survives a power cut.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": QINGLIU.home / "django.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["qingliu.accounts.backends.ThrottledBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "web:login"
LOGIN_REDIRECT_URL = "web:desk"

# django-allauth: the second factor and single sign-on. Nobody signs up; accounts.identity says who may come in.
ACCOUNT_ADAPTER = "qingliu.accounts.identity.People"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True  # for SESSION_COOKIE_AGE, as before
ACCOUNT_RATE_LIMITS = False  # accounts.throttle counts for all processes
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_ADAPTER = "qingliu.accounts.identity.SecondFactor"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1  # a phone may be half a minute off
MFA_FORMS = {
    "authenticate": "qingliu.accounts.identity.CodeForm",
    "reauthenticate": "qingliu.accounts.identity.CodeAgainForm",
}
SOCIALACCOUNT_ADAPTER = "qingliu.accounts.identity.Outside"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": QINGLIU.oidc_name,
                "client_id": QINGLIU.oidc_client,
                "secret": QINGLIU.oidc_secret,
                "settings": {"server_url": QINGLIU.oidc_issuer},
            }
        ]
        if QINGLIU.oidc_issuer
        else [],
    }
}

# A used code must be known to every process. Only this portal's processes may write there.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": QINGLIU.home / "private" / "cache",
    }
}

LANGUAGE_CODE = "zh-hant"
LANGUAGES = [("zh-hant", "正體中文"), ("en", "English")]
LOCALE_PATHS = [_PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Taipei"  # shown; UTC is stored

STATIC_URL = "/static/"
STATIC_ROOT = QINGLIU.home / "static"
_MANIFEST = (
    STATIC_ROOT / "staticfiles.json"
).is_file()  # `qingliu up` collects them; hashed names may be kept for ever
_STATIC = "ManifestStaticFilesStorage" if _MANIFEST else "StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": f"django.contrib.staticfiles.storage.{_STATIC}"},
}

# The language stands in the address, the session cookie only follows a log-in: an anonymous page never varies.
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = _HTTPS
CSRF_TRUSTED_ORIGINS = [QINGLIU.base_url] if _HTTPS else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
USE_X_FORWARDED_HOST = False
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6_000  # the desk's form of a definition: about twenty fields a column
DATA_UPLOAD_MAX_NUMBER_FILES = 40
FILE_UPLOAD_HANDLERS = ["qingliu.web.uploads.NoFiles"]  # the desk's upload brings its own

# Alarms by mail: SMTP where a host is named, else one file a mail under the home's private part.
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_BACKEND = _SMTP if QINGLIU.mail_host else "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(QINGLIU.home / "private" / "mail")
EMAIL_HOST, EMAIL_PORT = QINGLIU.mail_host, QINGLIU.mail_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = QINGLIU.mail_user, QINGLIU.mail_password
EMAIL_USE_TLS, EMAIL_USE_SSL = QINGLIU.mail_tls == "starttls", QINGLIU.mail_tls == "tls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = QINGLIU.mail_from

# retry must exceed the longest job, or a long publish is delivered twice; jobs are idempotent all the same.
Q_CLUSTER = {
    "name": "qingliu",
    "orm": "default",
    "workers": 1,
    "recycle": 20,
    "max_rss": 300_000,  # KiB; a process that a heavy job has swollen makes room for a small one
    "timeout": 7_200,
    "retry": 7_800,
    "max_attempts": 3,
    "ack_failures": True,
    "poll": 0.2,
    "queue_limit": 4,
    "save_limit": 200,
    "catch_up": False,
    "scheduler": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "qingliu.core.redact.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "pyiceberg": {"level": "WARNING"},
    },
}
