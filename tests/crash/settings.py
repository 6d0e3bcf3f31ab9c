"""The example project with small frames and short times."""

from example_project.settings import *  # noqa: F403
from example_project.settings import DATABASES

OCTOPUSH_API_LOGIN = "crash@example.org"
OCTOPUSH_API_KEY = "crash-key"
OCTOPUSH_SENDER = "Shop"
OCTOPUSH_QUIET_HOURS = ""
OCTOPUSH_FRAME_SIZE = 3
OCTOPUSH_PILOT_SIZE = 0
OCTOPUSH_CONCURRENCY = 3  # so that all four batches are claimed at once
OCTOPUSH_TIMEOUT = (0.5, 0.5)
OCTOPUSH_BASE_URL = "http://127.0.0.1:9/v1/public"
OCTOPUSH_BASE_URL_FOR_LOG = ""
LOGGING = {}
DATABASES["default"]["CONN_MAX_AGE"] = 0
