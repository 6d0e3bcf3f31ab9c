"""What the system checks refuse: tasks that are handed out again while they still run."""

from example_project.settings import *  # noqa: F403
from example_project.settings import Q_CLUSTER as SAFE

Q_CLUSTER = {**SAFE, "retry": 2}
