"""The example project, quiet, sending to a loopback gateway."""

from example_project.settings import *  # noqa: F403

OCTOPUSH_API_LOGIN = "bench@example.org"
OCTOPUSH_API_KEY = "bench-key"
OCTOPUSH_SENDER = "Shop"
OCTOPUSH_QUIET_HOURS = ""
OCTOPUSH_PILOT_SIZE = 0
LOGGING = {"version": 1, "loggers": {"django-q": {"level": "ERROR"}}}
