"""System checks on the project around us: its URLs, its broker, its databases, its tables."""

import os
import sqlite3
import subprocess
import sys

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django_q.conf import Conf as QConf

from octopush_django.checks import (
    check_database,
    check_queue,
    check_schema,
    check_settings,
    check_webhook,
)
from octopush_django.reports import schema
from octopush_django.sending import worker_loop
from octopush_django.status import read_status

from .end_to_end.processes import ROOT
from .people import send

SECRETS = ["first-secret-0123456789"]


def ids(messages):
    return [message.id.rpartition(".")[2] for message in messages]


# --- the webhook ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secrets", "urls", "expected"),
    [
        (SECRETS, "example_project.urls", []),
        (SECRETS, "tests.shop.empty_urls", ["W033"]),
        ([], "tests.shop.empty_urls", []),
        (SECRETS, "tests.shop.nowhere", []),  # Django tells that itself
        ("x", "tests.shop.empty_urls", []),  # and that is E001
    ],
)
def test_secrets_need_a_route(settings, secrets, urls, expected):
    settings.OCTOPUSH_WEBHOOK_SECRETS = secrets
    settings.ROOT_URLCONF = urls
    assert ids(check_webhook()) == expected


# --- the broker ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ORM": "default"}, []),
        ({"ORM": "elsewhere"}, ["E019"]),
        ({"ORM": None}, ["W020"]),
        ({"ORM": None, "REDIS": "redis://127.0.0.1"}, []),
        ({"ORM": None, "DJANGO_REDIS": "default"}, []),
        ({"BROKER_CLASS": "nowhere.Broker"}, ["E019"]),
        ({"BROKER_CLASS": "nodots"}, ["E019"]),
        ({"BROKER_CLASS": "django_q.brokers.orm.ORM"}, []),
        ({"ORM": None, "MONGO": {"host": "127.0.0.1"}}, ["E019"]),  # pymongo is not installed
        ({"ORM": None, "SQS": {"aws_region": "eu-west-3"}}, ["E019"]),  # nor boto3
    ],
)
def test_the_broker_is_named_and_can_be_loaded(monkeypatch, changes, expected):
    for name, value in {"BROKER_CLASS": None, "REDIS": {}, **changes}.items():
        monkeypatch.setattr(QConf, name, value)
    assert [found for found in ids(check_queue()) if found in ("E019", "W020")] == expected


# --- the address of the gateway ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "is_right"),
    [
        ("https://api.octopush.com/v1/public", True),
        ("https://api.octopush.com/v1/public/", True),
        ("http://127.0.0.1:8001/v1/public", True),
        ("https://proxy.example.org/sms", True),
        ("https://api.octopush.com", False),
        ("https://api.octopush.com/v1", False),
        ("https://api.octopush.com/v1/public/sms-campaign/send", False),
        ("https:///v1/public", False),
        ("https://", False),
        ("https://[::1/v1/public", False),
        ("https://api.octopush.com:x/v1/public", False),
        ("https://api.octopush.com:99999/v1/public", False),
        ("https://api.octopush.com /v1/public", False),
        ("https://api.octopush.com/v1/public\n", False),
        ("https://api.octopush.com/v1/public?x=1", False),
        ("https://ada:key@api.octopush.com/v1/public", False),
        ("http://127.0.0.1:8001", False),
        ("http://api.octopush.com/v1/public", False),
    ],
)
def test_the_address_of_the_gateway_is_whole(settings, url, is_right):
    settings.OCTOPUSH_BASE_URL = url
    assert ("E001" not in ids(check_settings())) is is_right


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("OCTOPUSH_API_KEY", "abc\n", "E001"),
        ("OCTOPUSH_API_KEY", "clé", "E001"),
        ("OCTOPUSH_API_LOGIN", "ada @example.org", "E001"),
        ("OCTOPUSH_INSTANCE", "x" * 101, "E001"),
        ("OCTOPUSH_MULTI_CHANNEL_PATH", "", "E001"),
        ("OCTOPUSH_BACKEND", "os.path.join", "E009"),
        ("OCTOPUSH_BACKEND", ".backends.X", "E009"),
        ("OCTOPUSH_STOP_PATTERNS", ["a{99999999999999999999}"], "E007"),
    ],
)
def test_what_would_stop_every_task_is_told(settings, name, value, check):
    setattr(settings, name, value)
    assert check in ids(check_settings())


def test_a_backend_that_is_none_pauses_with_the_reason(db, settings):
    settings.OCTOPUSH_BACKEND = "os.path.join"
    campaign = send()
    worker_loop.run()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("paused", "credentials")


def test_a_queue_with_a_value_of_a_wrong_type_is_told(monkeypatch):
    monkeypatch.setattr(QConf, "QUEUE_LIMIT", "x")
    assert "E018" in ids(check_queue())


# --- databases -----------------------------------------------------------------------------------


class ToAnother:
    """Routes our app for reading, for writing, or for both."""

    def __init__(self, *which):
        for name in which:
            setattr(self, f"db_for_{name}", self.route)

    def route(self, model, **_hints):
        return "elsewhere" if model._meta.app_label == "octopush_django" else None


@pytest.mark.parametrize("which", [("read",), ("write",), ("read", "write")])
def test_another_database_than_the_default_is_refused(settings, monkeypatch, which):
    monkeypatch.setitem(connections.databases, "elsewhere", connections.databases["default"])
    settings.DATABASE_ROUTERS = [ToAnother(*which)]
    assert "E034" in ids(check_database())
    settings.DATABASE_ROUTERS = []
    assert "E034" not in ids(check_database())
    del connections["elsewhere"]


def test_the_database_that_the_app_is_routed_to_is_judged(settings, monkeypatch):
    monkeypatch.setitem(connections.databases, "elsewhere", connections.databases["default"])
    settings.DATABASE_ROUTERS = [ToAnother("read", "write")]
    monkeypatch.setattr(connections["elsewhere"], "vendor", "mysql")
    assert {"E032", "E034"} <= set(ids(check_database()))
    del connections["elsewhere"]


# --- tables --------------------------------------------------------------------------------------


def problems():
    return ids(check_schema(databases=["default"])), schema.problem()


@pytest.mark.django_db
def test_tables_of_this_code_are_right():
    assert problems() == ([], "")
    assert ids(check_schema()) == []  # nobody asked for databases


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE octopush_django_campaign RENAME COLUMN instance TO another",
        "DROP TABLE octopush_django_place",
        "DROP INDEX octopush_campaign_due",
        "ALTER TABLE octopush_django_campaign ADD COLUMN another integer",
    ],
)
def test_tables_of_another_0001_are_named(change):
    with connection.cursor() as cursor:
        cursor.execute(change)
    found, said = problems()
    assert found == ["E035"]
    assert "another 0001_initial" in said
    assert said in read_status().problems


def test_an_empty_database_is_told_by_status_without_a_traceback(tmp_path):
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
           "DJANGO_SETTINGS_MODULE": "example_project.settings"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "manage.py", "octopush_status"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "The tables are older than the code: run migrate." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
def test_tables_that_migrate_has_not_made_are_for_migrate_and_status():
    MigrationRecorder(connection).migration_qs.filter(app="octopush_django").delete()
    assert problems() == ([], "The tables are older than the code: run migrate.")


@pytest.mark.django_db
def test_tables_of_newer_code_are_named():
    MigrationRecorder(connection).record_applied("octopush_django", "0999_later")
    found, said = problems()
    assert found == ["E035"]
    assert "0999_later" in said


def test_migrate_refuses_the_tables_of_another_0001(tmp_path):
    """As whoever meets it does: by the command, on a database of its own."""
    file = tmp_path / "db.sqlite3"
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{file}",
           "DJANGO_SETTINGS_MODULE": "example_project.settings"}  # fmt: skip

    def migrate():
        return subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert migrate().returncode == 0
    with sqlite3.connect(file) as made:
        made.execute("DROP INDEX octopush_campaign_due")
    refused = migrate()
    assert refused.returncode == 1
    assert "another 0001_initial" in refused.stderr
    assert "octopush_campaign_due" in refused.stderr
