"""Settings of the test suite: the example project's, with nothing that leaves this process."""

from example_project.settings import *  # noqa: F403
from example_project.settings import DATABASES, INSTALLED_APPS

DATABASES["default"]["ATOMIC_REQUESTS"] = False
INSTALLED_APPS = [*INSTALLED_APPS, "tests.shop"]

SECRET_KEY = "tests-only-0123456789-0123456789-0123456789-0123456789"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

OCTOPUSH_BACKEND = "octopush_django.backends.locmem.LocMemBackend"
OCTOPUSH_API_LOGIN = "tests@example.org"
OCTOPUSH_API_KEY = "sentinel-key-of-the-tests"
OCTOPUSH_WEBHOOK_SECRETS = ["first-secret-0123456789", "second-secret-0123456789"]
OCTOPUSH_QUIET_HOURS = ""
OCTOPUSH_SENDER = "Shop"
