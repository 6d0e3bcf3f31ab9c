"""Django on a database of its own, with as many contacts as a benchmark wants."""

import atexit
import os
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django

_url = os.environ.get("DATABASE_URL", "")


def begin(*, queue_too=False):
    """Make the database, migrate, and drop it at the end. Returns its kind.

    Without ``queue_too`` launching enqueues nothing: the benchmark itself is the worker.
    """
    if _url.startswith("postgres"):
        import psycopg

        name = f"octopush_bench_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        atexit.register(_drop, name)
        os.environ["DATABASE_URL"] = urlunsplit(urlsplit(_url)._replace(path=f"/{name}"))
    else:
        directory = tempfile.TemporaryDirectory()
        atexit.register(directory.cleanup)
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(directory.name) / 'bench.sqlite3'}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from octopush_django import queue

    call_command("migrate", verbosity=0)
    if not queue_too:
        queue._hand_over = lambda *args: None
    return connection.vendor


def fill(people):
    """A list of ``people`` contacts, written by one statement."""
    from django.db import connection

    from octopush_django.models import Contact, ContactField, ContactList

    contact_list = ContactList.objects.create(name=f"{people} people")
    ContactField.objects.get_or_create(key="ville", label="Ville")
    numbers = {
        "postgresql": f"SELECT i FROM generate_series(0, {people - 1}) AS g(i)",
        "sqlite": "WITH RECURSIVE g(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM g"
                  f" WHERE i < {people - 1}) SELECT i FROM g",
    }[connection.vendor]  # fmt: skip
    phone = {"postgresql": "'+336' || lpad(i::text, 8, '0')",
             "sqlite": "'+336' || printf('%08d', i)"}[connection.vendor]  # fmt: skip
    table, through = Contact._meta.db_table, Contact.lists.through._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (phone_number, line_type, email, first_name, last_name,"
            ' "values", comparables, consent, consent_source, email_consent,'
            " email_consent_source, created_at)"
            f" SELECT {phone}, 'mobile', '', 'Prenom' || i, 'Nom',"
            """ '{"ville": "Nantes", "points": "120"}', '{}',"""
            f" 'given', '', 'unknown', '', CURRENT_TIMESTAMP FROM ({numbers}) AS n"
        )
        cursor.execute(
            f"INSERT INTO {through} (contact_id, contactlist_id)"
            f" SELECT id, {contact_list.pk} FROM {table}"
        )
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
    return contact_list


def prepare(campaign):
    """What a worker does for a campaign of large lists: freeze who receives it."""
    from octopush_django import approval

    approval.prepare(campaign.pk)
    campaign.refresh_from_db()
    assert campaign.reason_code != "preparing"
    return campaign


def _drop(name):
    from django.db import connections

    connections.close_all()
    import psycopg

    with psycopg.connect(_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
