import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import Schedule

from octopush_django import tasks
from octopush_django.models import (
    Campaign,
    Contact,
    Frame,
    Heartbeat,
    Recipient,
    Reply,
    WebhookEvent,
)
from octopush_django.sandbox import Sandbox
from octopush_django.status import read_status
from octopush_django.sweep import sweep
from octopush_django.testing import deliver, outbox, reply, send_due

from ..people import make_list, send

pytestmark = pytest.mark.django_db


def run(*arguments, **options):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.fixture
def sandbox(settings):
    with Sandbox(callbacks=False) as running:
        settings.OCTOPUSH_BACKEND = "octopush_django.backends.octopush.OctopushBackend"
        settings.OCTOPUSH_BASE_URL = running.base_url
        yield running


def test_import(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("tel,ville\n0612345678,Nantes\nabc,x\n")
    printed = run("octopush_import", str(path), list="Clients", refused=str(tmp_path / "r.csv"))
    assert "1 contacts are new" in printed
    assert "ville → param1" in printed
    assert "1 rows were refused" in printed
    assert Contact.objects.get().param1 == "Nantes"
    with pytest.raises(CommandError, match="no file"):
        run("octopush_import", str(tmp_path / "none.csv"), list="Clients")


@pytest.mark.parametrize(
    "arguments", [("octopush_send",), ("octopush_send", "--at", "2099-01-01T10:00")]
)
def test_without_a_terminal_nothing_is_sent_unasked(arguments):
    name, *rest = arguments
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list())
    with pytest.raises(CommandError, match="--yes") as refusal:
        run(name, str(campaign.pk), *rest)
    assert refusal.value.returncode == 2
    campaign.refresh_from_db()
    assert campaign.status == "draft"


@pytest.mark.parametrize(
    ("said", "status"), [("y", "sending"), (" Oui ", "sending"), ("", "draft"), ("no", "draft")]
)
def test_on_a_terminal_a_person_answers(monkeypatch, said, status):
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: said)
    if status == "draft":
        with pytest.raises(CommandError, match="Nothing was done"):
            run("octopush_send", str(campaign.pk))
    else:
        run("octopush_send", str(campaign.pk))
    campaign.refresh_from_db()
    assert campaign.status == status


def test_what_was_shown_is_what_the_bill_is_compared_with():
    from octopush_django.models import Tariff

    Tariff.objects.create(euros="0.05")
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list(people=3))
    run("octopush_send", str(campaign.pk), yes=True)
    campaign.refresh_from_db()
    assert (campaign.expected_units, float(campaign.expected_cost)) == (3, 0.15)


def test_send(settings):
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list())
    assert "3 people, 3 SMS" in run("octopush_send", str(campaign.pk), dry_run=True)
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    run("octopush_send", str(campaign.pk), yes=True)
    send_due()
    assert len(outbox) == 1
    with pytest.raises(CommandError):
        run("octopush_send", str(campaign.pk), yes=True)
    with pytest.raises(CommandError, match="no campaign"):
        run("octopush_send", "0")


def test_balance(sandbox):
    printed = run("octopush_balance")
    assert "1000.0 euros" in printed
    assert "FR: premium_sms" in printed
    sandbox.account.switches.account = "other:one"
    with pytest.raises(CommandError, match="login"):
        run("octopush_balance")


def test_webhooks_are_set_and_their_secret_hidden(sandbox, settings):
    printed = run("octopush_webhooks", set="https://www.example.org/")
    found = sandbox.account.parameters["callbacks"]["callback_url_for_inbounds"]
    secret = settings.OCTOPUSH_WEBHOOK_SECRETS[0]
    assert found == f"https://www.example.org/octopush/webhook/{secret}/"
    assert secret not in printed
    with pytest.raises(CommandError, match="https"):
        run("octopush_webhooks", set="http://www.example.org")


def test_defaults_of_the_account_are_read_and_set(sandbox):
    assert "sender_for_sms_premium: -" in run("octopush_account")
    wanted = ["sender_for_sms_premium=Shop", "alert_bound=20", "alert_email_to=Ada@shop.fr",
              "phone_number_for_test_sms=06 12 34 56 78"]  # fmt: skip
    printed = run("octopush_account", set=wanted)
    assert "sender_for_sms_premium: Shop" in printed
    assert "phone_number_for_test_sms: +33612345678" in printed
    alerts = sandbox.account.parameters["sms_campaign_alert_parameters"]
    assert alerts == {"alert_bound": 20, "alert_email_to": "ada@shop.fr"}


@pytest.mark.parametrize(
    "wrong", ["sender_for_sms_premium=My shop", "sender_for_voice_sms=Shop", "alert_bound=-1",
              "alert_email_to=ada", "phone_number_for_test_sms=12", "secret=1", "alert_bound"],
)  # fmt: skip
def test_a_wrong_default_is_refused_before_anything_is_set(sandbox, wrong):
    before = str(sandbox.account.parameters)
    with pytest.raises(CommandError, match=wrong.partition("=")[0]):
        run("octopush_account", set=["sender_for_sms_premium=Shop", wrong])
    assert str(sandbox.account.parameters) == before


def test_status_says_what_needs_a_person():
    with pytest.raises(SystemExit):
        run("octopush_status")
    run("octopush_sweep")  # by hand or cron: no sign that tasks are run
    with pytest.raises(SystemExit):
        run("octopush_status")
    tasks.sweep()
    assert "All is well" in run("octopush_status")
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=4))
    with pytest.raises(SystemExit):
        run("octopush_status")


def test_a_lost_answer_without_any_report_is_shown():
    send()
    send_due()
    long_ago = timezone.now() - timedelta(days=2)
    Frame.objects.update(ticket="", first_posted_at=long_ago)
    problems = " ".join(read_status().problems)
    assert "1 batch lost its answer" in problems


def test_the_sweep_rings_what_was_forgotten(enqueued, django_capture_on_commit_callbacks):
    campaign = send()
    del enqueued[:]
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert ("octopush_django.tasks.send_frames", 0) in enqueued
    send_due()
    campaign.refresh_from_db()
    assert campaign.status == "sent"


def test_the_sweep_closes_a_campaign_whose_end_was_missed():
    campaign = send()
    send_due()
    Campaign.objects.update(status="sending", finished_at=None)
    sweep()
    campaign.refresh_from_db()
    assert campaign.status == "sent"


def test_migrating_schedules_the_sweep():
    schedule = Schedule.objects.get(name="octopush_django.sweep")
    assert (schedule.func, schedule.minutes) == ("octopush_django.tasks.sweep", 1)


def test_purge_forgets_people_and_keeps_the_sums():
    campaign = send()
    send_due()
    deliver(campaign.recipients.get())
    reply(campaign, campaign.recipients.get().address, "Oui")
    assert "0 events" in run("octopush_purge")
    old = timezone.now() - timedelta(days=400)
    WebhookEvent.objects.update(received_at=old)
    Reply.objects.update(received_at=old)
    Campaign.objects.update(finished_at=old)
    run("octopush_purge", dry_run=True)
    assert Reply.objects.exists()
    with pytest.raises(CommandError, match="--yes") as refusal:
        run("octopush_purge")
    assert refusal.value.returncode == 2
    assert Reply.objects.exists()
    run("octopush_purge", yes=True)
    assert not Reply.objects.exists()
    assert not WebhookEvent.objects.exists()
    person = Recipient.objects.get()
    assert (person.address, person.payload, person.status) == (None, "", "delivered")
    assert Frame.objects.get().cost


def test_the_console_backend_prints(settings, capsys):
    settings.OCTOPUSH_BACKEND = "octopush_django.backends.console.ConsoleBackend"
    send()
    send_due()
    printed = capsys.readouterr().out
    assert printed.startswith("POST sms-campaign/send")
    assert json.loads(printed.split("\n", 1)[1])["text"] == "Hello"
