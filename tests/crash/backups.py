"""A backup of the tables that is restored a day later, when campaigns have left since."""

from datetime import timedelta

from django.apps import apps
from django.db import connection, transaction
from django.db.models import DateTimeField, F

from octopush_django.models import Campaign, Frame, Heartbeat, Preparation

LATER = timedelta(hours=25)


def make():
    """Keep a copy of every row."""
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f"DROP TABLE IF EXISTS backup_{table}")
            cursor.execute(f"CREATE TABLE backup_{table} AS SELECT * FROM {table}")


def restore_later():
    """Bring the copy back, as if a day had passed since: every date is a day older."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in reversed(_tables()):
            cursor.execute(f"DELETE FROM {table}")
        for table in _tables():
            cursor.execute(f"INSERT INTO {table} SELECT * FROM backup_{table}")
        for model in (Campaign, Frame, Heartbeat, Preparation):
            dates = [f.name for f in model._meta.fields if isinstance(f, DateTimeField)]
            model.objects.update(**{name: F(name) - LATER for name in dates})


def _tables():
    models = apps.get_app_config("octopush_django").get_models(include_auto_created=True)
    return [model._meta.db_table for model in models]
