"""A project of one file, on nothing but the installed package: migrate, check, send, look."""

from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    SECRET_KEY="smoke-0123456789-0123456789-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
        "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
        "phonenumber_field", "import_export", "django_q", "octopush_django",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
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
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    Q_CLUSTER={"name": "smoke", "orm": "default", "timeout": 120, "retry": 600},
    USE_TZ=True,
    STATIC_URL="static/",
    ROOT_URLCONF="smoke_urls",
    OCTOPUSH_BACKEND="octopush_django.backends.locmem.LocMemBackend",
    OCTOPUSH_QUIET_HOURS="",
)  # fmt: skip
Path("smoke_urls.py").write_text(
    "from django.contrib import admin\n"
    "from django.urls import include, path\n"
    "urlpatterns = [path('admin/', admin.site.urls),\n"
    "               path('octopush/', include('octopush_django.urls'))]\n"
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.staticfiles.finders import find  # noqa: E402
from django.test import Client  # noqa: E402

import octopush_django  # noqa: E402
from octopush_django.campaigns import send_campaign  # noqa: E402
from octopush_django.testing import outbox, send_due  # noqa: E402

assert "site-packages" in octopush_django.__file__, octopush_django.__file__
call_command("migrate", verbosity=0)
call_command("check")
campaign = send_campaign(text="Hi", purpose="alert", recipients=["0612345678"], sender="Shop")
send_due()
campaign.refresh_from_db()
assert campaign.status == "sent", campaign.status
assert len(outbox) == 1

client = Client()
client.force_login(User.objects.create_superuser("smoke"))
page = client.get(f"/admin/octopush_django/campaign/{campaign.pk}/change/")
assert page.status_code == 200
assert b"octopush-progress" in page.content
assert find("octopush_django/campaign.css")
assert (Path(octopush_django.__file__).parent / "py.typed").exists()
print("1 passed, 0 failed")
