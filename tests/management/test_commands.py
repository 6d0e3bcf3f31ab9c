import json
import sys
from datetime import UTC, timedelta
from importlib import import_module
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command, load_command_class
from django.utils import timezone
from django_q.models import Schedule

from example_project.settings import PUBLIC_KEY
from octopush_django import queue, tasks
from octopush_django.backends import open_backend
from octopush_django.campaigns import pause_campaign
from octopush_django.exceptions import ConfigurationError
from octopush_django.models import (
    Campaign,
    Contact,
    ContactField,
    ContactImport,
    ContactList,
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

from ..desk import seen, url
from ..people import make_list, number, send

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


HELP = {
    "octopush_account": "--set NAME=VALUE one of sender_for_sms_premium,",
    "octopush_import": "--refused PATH where to write refused rows "
    "--dry-run say what would happen --yes do it without asking",
    "octopush_purge": "--dry-run count, forget nothing --yes do it without asking",
    "octopush_send": "CAMPAIGN_ID options: --at WHEN 2026-12-01T10:00, OCTOPUSH_TIME_ZONE "
    "--dry-run show, send nothing --yes do it without asking",
    "octopush_status": "--json one JSON object, for a program",
    "octopush_webhooks": "--set ORIGIN such as https://www.example.org",
}


@pytest.mark.parametrize("name", HELP)
def test_the_help_of_a_command_tells_its_arguments(name):
    command = load_command_class("octopush_django", name)
    said = " ".join(command.create_parser("manage.py", name).format_help().split())
    assert f" {HELP[name]} " in said.replace("-h, --help show this help message and exit ", "")


@pytest.mark.parametrize(
    "arguments",
    [("octopush_send", "next"), ("octopush_send",), ("octopush_import", "people.csv")],
)
def test_what_is_missing_or_no_number_is_an_error(arguments):
    with pytest.raises(CommandError, match="Error: "):
        run(*arguments)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["octopush_account"], "This backend has no account."),
        (["octopush_webhooks"], "This backend has no callback addresses."),
    ],
)
def test_a_backend_without_an_account_says_so(command, said):
    with pytest.raises(CommandError) as refusal:
        run(*command)
    assert str(refusal.value) == said


def test_import(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("tel,ville\n0612345678,Nantes\nabc,x\n")
    printed = run("octopush_import", str(path), list="Clients", refused=str(tmp_path / "r.csv"))
    assert "1 contacts are new" in printed
    assert "ville → ville" in printed
    assert "1 rows were refused" in printed
    assert Contact.objects.get().values == {"ville": "Nantes"}
    with pytest.raises(CommandError, match="no file"):
        run("octopush_import", str(tmp_path / "none.csv"), list="Clients")


@pytest.mark.parametrize("named", [False, True])
def test_a_dry_run_writes_refused_rows_only_where_it_is_told_to(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.csv").write_text("tel\n0612345678\nabc\n")
    before = tmp_path / "c.refused.csv"
    before.write_text("mended by hand")
    other = tmp_path / "r.csv"
    told = {"refused": str(other)} if named else {}
    printed = run("octopush_import", "c.csv", "--dry-run", list="Clients", **told)
    assert "1 rows were refused (bad_number: 1)." in printed
    assert (f"They are in {other}," in printed) == named
    assert ("Name a file with --refused" in printed) != named
    assert other.exists() == named
    assert before.read_text() == "mended by hand"
    run("octopush_import", "c.csv", list="Clients")
    assert ";abc" in before.read_text("utf-8-sig")


@pytest.mark.parametrize(
    "arguments", [("octopush_send",), ("octopush_send", "--at", "2099-01-01T10:00")]
)
def test_without_a_terminal_nothing_is_sent_unasked(arguments):
    name, *rest = arguments
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list())
    when = "on 2099-01-01 at 10:00 CET" if rest else "now"
    with pytest.raises(CommandError, match=rf"^Send it {when}\? .*--yes") as refusal:
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
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or said)
    if status == "draft":
        with pytest.raises(CommandError, match="Nothing was done"):
            run("octopush_send", str(campaign.pk))
    else:
        run("octopush_send", str(campaign.pk))
    campaign.refresh_from_db()
    assert campaign.status == status
    assert asked == ["Send it now? [y/N] "]


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
@pytest.mark.parametrize("command", ["octopush_send", "octopush_purge", "octopush_import"])
def test_whoever_leaves_at_the_question_is_told_that_nothing_was_done(
    monkeypatch, tmp_path, command, end
):
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list())
    Reply.objects.create(
        address=number(0), text="Oui", received_at=timezone.now() - timedelta(days=999)
    )
    path = tmp_path / "file.csv"
    path.write_text("Mobile\n0610000009\n")
    arguments = {"octopush_send": [str(campaign.pk)], "octopush_purge": [],
                 "octopush_import": [str(path), "--list", "New"]}  # fmt: skip

    def leave(question):
        raise end

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", leave)
    with pytest.raises(CommandError, match="Nothing was done") as refusal:
        run(command, *arguments[command])
    assert refusal.value.returncode == 2
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    assert not ContactList.objects.filter(name="New").exists()
    assert Reply.objects.exists()


def test_an_import_is_refused_before_it_asks(monkeypatch, tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("Ville\nNantes\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: pytest.fail("asked"))
    with pytest.raises(CommandError, match="No column holds") as refusal:
        run("octopush_import", str(path), "--list", "New")
    assert refusal.value.returncode == 2


def test_a_personal_detail_that_there_is_not_yet_is_called_new(monkeypatch, tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("Mobile;Ville;Points\n0610000009;Nantes;3\n")
    ContactField.objects.create(label="Ville")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    said = run("octopush_import", str(path), "--list", "New", "--column", "Points=pionts")
    assert "Points → a new personal detail, pionts" in said
    assert "Ville → ville" in said


@pytest.mark.parametrize(
    ("zone", "at", "utc"),
    [
        ("Europe/Paris", "2099-07-01T10:00", "2099-07-01T08:00"),
        ("Pacific/Auckland", "2099-07-01T10:00", "2099-06-30T22:00"),
        ("Europe/Paris", "2099-07-01T10:00+00:00", "2099-07-01T10:00"),
    ],
)
def test_a_time_is_of_the_zone_of_our_settings(settings, zone, at, utc):
    settings.TIME_ZONE = "America/New_York"
    settings.OCTOPUSH_TIME_ZONE = zone
    timezone.deactivate()
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list())
    with time_machine.travel("2099-01-01T00:00:00Z"):
        run("octopush_send", str(campaign.pk), at=at, yes=True)
    campaign.refresh_from_db()
    assert campaign.send_at.astimezone(UTC).isoformat()[:16] == utc


@pytest.mark.parametrize("scheduled", [False, True])
def test_what_was_shown_is_what_the_bill_is_compared_with(scheduled):
    from octopush_django.models import Tariff

    Tariff.objects.create(euros="0.05")
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list(people=3))
    assert "3 SMS, cost about 0.15 EUR." in run("octopush_send", str(campaign.pk), "--dry-run")
    at = ("--at", "2099-01-01T10:00") if scheduled else ()
    with time_machine.travel("2098-12-01T00:00:00Z"):
        run("octopush_send", str(campaign.pk), *at, "--yes")
    campaign.refresh_from_db()
    assert (campaign.expected_units, float(campaign.expected_cost)) == (3, 0.15)


def test_send(settings):
    campaign = Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(make_list())
    said = "Hello: 3 people, 3 SMS, cost unknown.\n"
    assert run("octopush_send", str(campaign.pk), "--dry-run").startswith(said)
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    assert run("octopush_send", str(campaign.pk), yes=True).endswith("\nNow: Sending.\n")
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
    assert "inbounds: https://www.example.org/octopush/webhook/<secret>/\n" in printed
    assert secret not in printed
    with pytest.raises(CommandError, match=r"^The address must begin with https://\.$"):
        run("octopush_webhooks", set="http://www.example.org")
    settings.OCTOPUSH_WEBHOOK_SECRETS = []
    with pytest.raises(CommandError, match=r"^Set OCTOPUSH_WEBHOOK_SECRETS first\.$"):
        run("octopush_webhooks", set="https://www.example.org")
    sandbox.account.switches.account = "other:one"
    with pytest.raises(CommandError, match="login"):
        run("octopush_webhooks")


def test_defaults_of_the_account_are_read_and_set(sandbox):
    assert "sender_for_sms_premium: -" in run("octopush_account")
    wanted = ["sender_for_sms_premium=Shop", "alert_bound=20", "alert_email_to=Ada@shop.fr",
              "phone_number_for_test_sms=06 12 34 56 78"]  # fmt: skip
    printed = run("octopush_account", *(f"--set={each}" for each in wanted))
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
    assert ("octopush_django.tasks.send_frames",) in enqueued
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
    assert (
        run("octopush_purge", "--dry-run")
        == "2 events, 1 replies, 1 recipients, 0 files of imports\n"
    )
    assert Reply.objects.exists()
    with pytest.raises(CommandError, match=r"^Forget them\? .*--yes") as refusal:
        run("octopush_purge")
    assert refusal.value.returncode == 2
    assert Reply.objects.exists()
    run("octopush_purge", yes=True)
    assert not Reply.objects.exists()
    assert not WebhookEvent.objects.exists()
    person = Recipient.objects.get()
    assert (person.address, person.payload, person.status) == (None, "", "delivered")
    assert Frame.objects.get().cost


def test_purge_forgets_the_files_of_imports_and_keeps_their_reports():
    run_of_old = ContactImport.objects.create(
        file_name="c.csv", refused_rows=b"0612;Ada", report={"rows": 1}
    )
    ContactImport.objects.update(created_at=timezone.now() - timedelta(days=400))
    young = ContactImport.objects.create(file_name="d.csv", file=b"tel", state="waiting")
    assert "1 files of imports" in run("octopush_purge", dry_run=True)
    run("octopush_purge", yes=True)
    run_of_old.refresh_from_db()
    young.refresh_from_db()
    assert (run_of_old.refused_rows, run_of_old.report) == (None, {"rows": 1})
    assert bytes(young.file) == b"tel"


def test_the_console_backend_prints(settings, capsys):
    settings.OCTOPUSH_BACKEND = "octopush_django.backends.console.ConsoleBackend"
    send()
    send_due()
    printed = capsys.readouterr().out
    assert printed.startswith("POST sms-campaign/send")
    assert json.loads(printed.split("\n", 1)[1])["text"] == "Hello"


@pytest.fixture
def working():
    queue.schedule_sweep()
    tasks.sweep()


def test_status_is_red_for_a_campaign_that_waits_for_a_person(working):
    campaign = send()
    assert run("octopush_status") == ("Tasks queued: 0. Events to apply: 0.\nAll is well.\n")
    pause_campaign(campaign, by="Ada")
    assert read_status().problems == ["“Hello” waits for you: Ada paused it."]
    with pytest.raises(SystemExit) as end:
        run("octopush_status")
    assert end.value.code == 1
    Campaign.objects.update(status="draft", reason_code="changed", reason="It grew.")
    assert read_status().problems == ["“Hello” waits for you: It grew."]
    Campaign.objects.update(status="draft", reason_code="", reason="")
    assert read_status().problems == []


def test_the_page_does_not_say_that_all_is_well_either(working, admin_client):
    campaign = send()
    campaign.status, campaign.reason_code, campaign.reason = "paused", "credit", "No credit."
    campaign.save()
    page = seen(admin_client.get(url("status")))
    assert "“Hello” waits for you: No credit." in page
    assert "All is well" not in page


def test_status_is_red_for_a_broker_that_does_not_answer(working, monkeypatch):
    monkeypatch.setattr(queue, "depth", lambda: None)
    assert read_status().problems == ["The queue of tasks does not answer: is its broker running?"]


def test_status_for_a_program(working):
    told = json.loads(run("octopush_status", json=True))
    assert (told["ok"], told["problems"], told["events_waiting"]) == (True, [], 0)
    campaign = send()
    pause_campaign(campaign)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("octopush_status", json=True, stdout=out)
    told = json.loads(out.getvalue())
    assert not told["ok"]
    [waiting] = told["waiting"]
    assert waiting == {
        "campaign": campaign.pk, "code": "person", "reason": "Somebody paused it.",
    }  # fmt: skip


# --- no accident --------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [{}, {"contacts": "any.csv"}, {"exit": True}])
def test_the_demo_touches_nothing_that_is_not_its_own(monkeypatch, settings, tmp_path, arguments):
    monkeypatch.setenv("OCTOPUSH_DEMO_DIRECTORY", str(settings.BASE_DIR / ".demo"))
    settings.OCTOPUSH_API_LOGIN = "ops@example.org"
    with pytest.raises(CommandError, match=r"this project's own database, .*login"):
        run("octopush_demo", **arguments)
    assert not User.objects.exists()
    assert not Contact.objects.exists()


def test_a_test_does_not_reach_a_gateway_on_the_internet(settings):
    settings.OCTOPUSH_BACKEND = "octopush_django.backends.octopush.OctopushBackend"
    settings.OCTOPUSH_API_LOGIN, settings.OCTOPUSH_API_KEY = "ops@example.org", "key"
    refused = pytest.raises(ConfigurationError, match="a test would call the real gateway")
    with refused, open_backend():
        pass
    settings.OCTOPUSH_BASE_URL = "http://127.0.0.1:9/v1/public"
    with open_backend() as backend:
        assert backend


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_the_example_does_not_serve_the_public_with_a_public_key(settings, server):
    settings.SECRET_KEY, settings.DEBUG = PUBLIC_KEY, False
    sys.modules.pop(f"example_project.{server}", None)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        import_module(f"example_project.{server}")
    settings.DEBUG = True
    assert callable(import_module(f"example_project.{server}").application)
    settings.SECRET_KEY, settings.DEBUG = "my own", False
    sys.modules.pop(f"example_project.{server}", None)
    assert callable(import_module(f"example_project.{server}").application)
