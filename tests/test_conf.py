import environ
import pytest
from django.core.checks import run_checks
from django.db import connections
from django.test import override_settings

from octopush_django import checks
from octopush_django.checks import (
    check_database,
    check_phone_numbers,
    check_queue,
    check_settings,
)
from octopush_django.conf import conf, declared, from_env
from octopush_django.exceptions import ConfigurationError


def test_defaults_are_valid_and_documented():
    from pathlib import Path

    text = (Path(__file__).parents[1] / "docs" / "reference.md").read_text()
    for setting in declared():
        assert setting.problem(setting.default) is None, setting.name
        assert f"`{setting.name}`" in text


def test_settings_are_read_when_used(settings):
    settings.OCTOPUSH_FRAME_SIZE = 7
    assert conf.frame_size == 7
    del settings.OCTOPUSH_FRAME_SIZE
    assert conf.frame_size == 500


def test_from_env_casts_what_is_there():
    env = environ.Env()
    env.ENVIRON = {
        "OCTOPUSH_FRAME_SIZE": "300",
        "OCTOPUSH_IMPORT_LIMIT": "5000000",
        "OCTOPUSH_SIMULATION": "true",
        "OCTOPUSH_WEBHOOK_SECRETS": "a,b",
        "OCTOPUSH_TIMEOUT": "2,20",
        "OCTOPUSH_QUIET_HOURS": "",
        "OCTOPUSH_PILOT_TOLERANCE": "0.2",
        "OTHER": "x",
    }
    assert from_env(env) == {
        "OCTOPUSH_FRAME_SIZE": 300,
        "OCTOPUSH_IMPORT_LIMIT": 5_000_000,
        "OCTOPUSH_SIMULATION": True,
        "OCTOPUSH_WEBHOOK_SECRETS": ["a", "b"],
        "OCTOPUSH_TIMEOUT": (2.0, 20.0),
        "OCTOPUSH_QUIET_HOURS": "",
        "OCTOPUSH_PILOT_TOLERANCE": 0.2,
    }


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("OCTOPUSH_FRAME_SIZE", 501, "E001"),
        ("OCTOPUSH_FRAME_SIZE", "500", "E001"),
        ("OCTOPUSH_IMPORT_LIMIT", 0, "E001"),
        ("OCTOPUSH_IMPORT_LIMIT", "100 MB", "E001"),
        ("OCTOPUSH_SIMULATION", "False", "E001"),
        ("OCTOPUSH_TIMEOUT", 5, "E001"),
        ("OCTOPUSH_BASE_URL", "http://api.octopush.com", "E001"),
        ("OCTOPUSH_WEBHOOK_SECRETS", "secret", "E001"),
        ("OCTOPUSH_WEBHOOK_SECRETS", ["short"], "E001"),
        ("OCTOPUSH_TIME_ZONE", "Paris", "E001"),
        ("OCTOPUSH_STOP_MENTION", 5, "E001"),
        ("OCTOPUSH_FRAMESIZE", 5, "W002"),
        ("OCTOPUSH_WEBHOOK_SECRETS", [], "W004"),
        ("OCTOPUSH_TWO_WAY_COUNTRIES", ["France"], "E001"),
        ("OCTOPUSH_SENDER", "Company X", "E005"),
        ("OCTOPUSH_BACKEND", "nowhere.Backend", "E009"),
        ("OCTOPUSH_QUIET_HOURS", "8-20", "E006"),
        ("OCTOPUSH_STOP_PATTERNS", ["("], "E007"),
    ],
)
def test_wrong_settings_are_told(name, value, check):
    with override_settings(**{name: value}):
        found = {message.id for message in checks.check_settings()}
    assert f"octopush_django.{check}" in found


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STOP_MENTION", 5, "must be text."),
        ("API_KEY", "a b", "must hold no blanks, line breaks or accents."),
        ("FRAME_SIZE", 501, "must be a whole number from 1 to 500."),
        ("TIMEOUT", 5, "must be two numbers of seconds: to connect, and for the whole call."),
        ("SIMULATION", 1, "must be True or False."),
    ],
)
def test_a_wrong_setting_says_what_would_be_right(name, value, said):
    with override_settings(**{f"OCTOPUSH_{name}": value}):
        assert f"OCTOPUSH_{name} {said}" in [message.msg for message in checks.check_settings()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OCTOPUSH_BASE_URL", "http://127.0.0.1:8011/v1/public"),
        ("OCTOPUSH_BASE_URL", "http://localhost:8011/v1/public"),
        ("OCTOPUSH_API_KEY", "A-key.of_letters-0123"),
        ("OCTOPUSH_LATE_LIMIT", 31 * 24 * 60 * 60),
        ("OCTOPUSH_TIMEOUT", [0.05, 300]),
    ],
)
def test_right_settings_are_taken(name, value):
    with override_settings(**{name: value}):
        assert not checks.check_settings()


def test_missing_credentials_are_told_where_they_are_needed(settings):
    settings.OCTOPUSH_API_KEY = None
    assert not checks.check_settings()
    settings.OCTOPUSH_BACKEND = "octopush_django.backends.octopush.OctopushBackend"
    assert [message.id for message in checks.check_settings()] == ["octopush_django.W003"]


def queue_with(monkeypatch, **changes):
    from octopush_django import queue

    good = {"workers": 2, "timeout": 120, "retry": 600, "queue_limit": 2, "ack_failures": True,
            "catch_up": False, "sync": False, "bulk": 1, "orm": "default",
            "broker": "orm"}  # fmt: skip
    monkeypatch.setattr(queue, "settings_in_use", lambda: {**good, **changes})
    return {message.id.rpartition(".")[2] for message in checks.check_queue()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, set()), ({"sync": True}, {"E011"}), ({"timeout": None}, {"W012"}),
     ({"timeout": 60}, {"W012"}), ({"retry": 130}, {"W013"}), ({"queue_limit": 50}, {"W013"}),
     ({"ack_failures": False}, {"W014"}), ({"catch_up": True}, {"W015"}), ({"bulk": 5}, {"W016"})],
)  # fmt: skip
def test_unsafe_queues_are_told(monkeypatch, changes, expected):
    assert queue_with(monkeypatch, **changes) == expected


@pytest.mark.django_db
def test_the_example_project_is_clean():
    assert run_checks() == []


def test_an_unknown_backend_says_so(settings):
    from octopush_django.backends import open_backend

    settings.OCTOPUSH_BACKEND = "nowhere.Backend"
    with pytest.raises(ConfigurationError, match="OCTOPUSH_BACKEND"), open_backend():
        raise AssertionError("it was opened")


def test_public_names():
    """Everything that the documentation promises can be imported."""
    from octopush_django import campaigns, keywords, models, numbers, segments, signals, testing

    for name in ("send_campaign", "asend_campaign", "preview_campaign", "launch_campaign",
                 "schedule_campaign", "pause_campaign", "resume_campaign",
                 "cancel_campaign"):  # fmt: skip
        assert callable(getattr(campaigns, name))
    for name in ("campaign_launched", "campaign_finished", "frame_accepted", "frame_refused",
                 "recipient_updated", "reply_received", "opted_out"):  # fmt: skip
        assert getattr(signals, name).connect
    for name in ("ContactList", "Contact", "OptOut", "Campaign", "Recipient", "Frame",
                 "SendAttempt", "Heartbeat", "Halt", "WebhookEvent", "Reply"):  # fmt: skip
        assert getattr(models, name)._meta.app_label == "octopush_django"
    assert numbers.canonical("0612345678")
    assert segments.count("x").segments == 1
    assert keywords.classify_reply("x")
    assert set(testing.__all__) <= set(dir(testing))


# --- every wrong value has a message ------------------------------------------------------------

WRONG = [None, "", "x", 5, -1, 10**400, 1.5, float("nan"), True, b"x", [], [5], ["x"], ["", None],
         (1,), {}, {"a": 1}, object()]  # fmt: skip


@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("setting", list(declared()), ids=lambda setting: setting.name)
def test_a_wrong_value_has_a_message_and_no_traceback(settings, setting, value):
    setattr(settings, setting.name, value)
    found = [*check_settings(), *check_queue(), *check_database(), *check_phone_numbers()]
    if setting.problem(value):
        assert any(setting.name in message.msg for message in found), setting.problem(value)


def test_a_wrong_value_hides_no_other(settings):
    for setting in declared():
        setattr(settings, setting.name, object())
    named = " ".join(message.msg for message in check_settings())
    assert all(setting.name in named for setting in declared())


@pytest.mark.parametrize("vendor", ["mysql", "oracle"])
def test_other_databases_are_refused(monkeypatch, vendor):
    monkeypatch.setattr(connections["default"], "vendor", vendor)
    assert "octopush_django.E032" in {message.id for message in check_database()}


def test_a_single_text_for_secrets_opens_no_door(settings, client):
    settings.OCTOPUSH_WEBHOOK_SECRETS = "first-secret-0123456789"
    for secret in ("f", "i", "first-secret-0123456789"):
        assert client.post(f"/octopush/webhook/{secret}/").status_code == 404
