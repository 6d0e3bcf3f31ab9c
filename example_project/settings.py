"""A small site that sends: everything that differs between machines comes from the environment."""

from pathlib import Path

import environ

from octopush_django import conf

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", False)
# The default key is for trying out: with DEBUG off, wsgi.py and asgi.py refuse to start with it.
PUBLIC_KEY = "example-project-only-0123456789-0123456789-0123456789"
SECRET_KEY = env.str("SECRET_KEY", PUBLIC_KEY)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "phonenumber_field",
    "import_export",
    "django_q",
    "octopush_django",
    "example_project",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "example_project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
DATABASES["default"]["ATOMIC_REQUESTS"] = True
# The queue asks the database several times a second: a new connection each time costs too much.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }

Q_BROKER = env.str("Q_BROKER", "orm")
Q_CLUSTER = {
    "name": "octopush",
    "workers": env.int("Q_WORKERS", 2),
    "timeout": 120,
    # From the moment a task is fetched, not from its start: room for what waits in front of it.
    "retry": 600,
    "queue_limit": env.int("Q_WORKERS", 2),
    "bulk": 1,
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "poll": 0.2,
    "save_limit": 250,
    "label": "Queue",
    **({"orm": "default"} if Q_BROKER == "orm" else {"redis": Q_BROKER}),
}

# django-q2 shows the state of its cluster through the cache: processes must share it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": env.str("CACHE_DIRECTORY", str(BASE_DIR / ".cache")),
    }
}

LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en")
LANGUAGES = [("en", "English"), ("fr", "Français")]
TIME_ZONE = env.str("TIME_ZONE", "Europe/Paris")
USE_TZ = True
STATIC_URL = "static/"
PHONENUMBER_DEFAULT_REGION = "FR"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"octopush_django": {"handlers": ["console"], "level": "INFO"}},
}

globals().update(conf.from_env(env))
