"""The app's configuration."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OctopushDjangoConfig(AppConfig):
    name = "octopush_django"
    verbose_name = _("Octopush SMS")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, queue

        register(checks.check_settings)
        register(checks.check_queue)
        register(checks.check_database)
        register(checks.check_schema, Tags.database)
        register(checks.check_phone_numbers)
        register(checks.check_webhook, Tags.urls)
        post_migrate.connect(_schedule_sweep, sender=self)
        queue.schedule_sweep_with_the_cluster()


def _schedule_sweep(**kwargs: Any) -> None:
    """The sweep must run wherever the tables are; the schedule is its only trace in the queue."""
    from django.apps import apps
    from django.db import connections

    from . import queue

    using = kwargs.get("using", "default")
    table = apps.get_model("django_q", "Schedule")._meta.db_table
    if table in connections[using].introspection.table_names():
        queue.schedule_sweep()
