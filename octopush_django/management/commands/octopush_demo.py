"""The whole journey on this machine: sandbox, worker, site, a real campaign over real HTTP."""

import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from ... import queue
from ...campaigns import send_campaign
from ...conf import conf
from ...contacts.importer import import_contacts
from ...models import Campaign, CampaignStatus, EventState, Exclusion, WebhookEvent
from ...reports.figures import Totals, totals
from .octopush_import import describe

DEMO = "OCTOPUSH_DEMO_DIRECTORY"
DEMO_LOGIN = "demo@example.org"
"""At the gateway of the demo."""
LOGIN = PASSWORD = "demo"
TEXT = (
    "Bonjour {first_name|à vous}, samedi 20% de remise chez Octave sur présentation de ce SMS. "
    "Répondez OUI pour réserver. STOP au XXXXX"
)
REPORTS_WITHIN = 5.0
"""Seconds over which the reports come, so that there is something to watch."""
PATIENCE = 180
"""Seconds until a demo that does not end is given up."""


class Command(BaseCommand):
    help = "Show a real campaign leave and come back, on this machine, without account or money."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--exit", action="store_true", help="end when all reports are in")
        parser.add_argument("--contacts", metavar="FILE", help="contacts to import")

    def handle(self, *args: Any, **options: Any) -> None:
        if DEMO not in os.environ:
            _begin_again()
        _refuse_other_settings()
        contacts = Path(options["contacts"] or _sample())
        logging.getLogger("django-q").setLevel(logging.WARNING)
        for name in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, _interrupt)
        try:
            with ExitStack() as running:
                self._show(contacts, running, stay=not options["exit"])
        except KeyboardInterrupt:
            self.stdout.write("\nStopped; nothing is left running.")

    def _show(self, contacts: Path, running: ExitStack, *, stay: bool) -> None:
        directory = Path(os.environ[DEMO])
        site = f"http://127.0.0.1:{os.environ['OCTOPUSH_DEMO_SITE_PORT']}"
        self._say("Preparing a database and a login …")
        call_command("migrate", verbosity=0)
        user = get_user_model().objects.create_superuser(LOGIN, "demo@example.org", PASSWORD)
        self._say("Starting the stand-in gateway, the worker and the site …")
        self._start_all(directory, site, running)
        self._say(f"\nImporting {contacts.name}")
        report = import_contacts(contacts, "Clients", refused_path=directory / "refused.csv")
        for line in describe(report):
            self._say(f"  {line}")
        self._say(f"\nSending a campaign to them\n  “{TEXT}”")
        began = time.monotonic()
        campaign = send_campaign(
            name="Samedi chez Octave",
            text=TEXT,
            purpose="wholesale",
            contact_lists=["Clients"],
            sender="Octave",
            with_replies=True,
            created_by=user,
        )
        figures = self._watch(campaign)
        self._sum_up(campaign, figures, time.monotonic() - began, site)
        _verify(campaign, figures)
        if stay:
            self._say("\nPress Ctrl-C to stop everything.")
            while True:
                time.sleep(3600)

    def _start_all(self, directory: Path, site: str, running: ExitStack) -> None:
        webhook = site + reverse("octopush_django:webhook", args=[conf.webhook_secrets[0]])
        sandbox_port, site_port = conf.base_url.split(":")[2].split("/")[0], site.split(":")[2]
        commands = {
            "sandbox": [
                *("octopush_sandbox", "--port", sandbox_port, "--callback-url", webhook),
                *("--switch", f"report_spread={REPORTS_WITHIN}"),
            ],
            "worker": ["qcluster"],
            "site": ["runserver", f"127.0.0.1:{site_port}", "--noreload"],
        }
        for name, arguments in commands.items():
            running.enter_context(_process(name, arguments, directory))
        _wait_for(f"{_sandbox_address()}/_sandbox/", directory / "sandbox.log")
        _wait_for(f"{site}/admin/login/", directory / "site.log")

    def _watch(self, campaign: Campaign) -> Totals:
        """Show progress until the gateway has nothing more to tell."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            campaign.refresh_from_db()
            figures = totals(campaign)
            self._progress(campaign, figures)
            if campaign.status not in (CampaignStatus.SENDING, CampaignStatus.PAUSED):
                waiting = WebhookEvent.objects.filter(state=EventState.RECEIVED).exists()
                if _sandbox()["idle"] and not waiting:
                    self._progress(campaign, totals(campaign), last=True)
                    return totals(campaign)
            time.sleep(0.3)
        raise CommandError(
            f"The campaign did not end in {PATIENCE} s: it is {campaign.get_status_display()}. "
            f"{campaign.reason} The logs are in {os.environ[DEMO]}."
        )

    def _progress(self, campaign: Campaign, figures: Totals, last: bool = False) -> None:
        share = figures.reported / max(1, figures.people)
        bar = "█" * round(share * 24) + "·" * (24 - round(share * 24))
        line = (
            f"  {bar} {figures.delivered} of {figures.people} delivered, "
            f"{figures.replies} replies, {figures.opt_outs} opt-outs "
            f"({campaign.get_status_display()})"
        )
        if sys.stdout.isatty():
            self.stdout.write(f"\r\033[K{line}", ending="\n" if last else "")
        elif last or line != getattr(self, "_shown", ""):
            self.stdout.write(line)
        self._shown = line
        self.stdout.flush()

    def _sum_up(self, campaign: Campaign, figures: Totals, seconds: float, site: str) -> None:
        left_out = [
            f"{Exclusion(code).label} {people}" for code, people in figures.excluded.items()
        ]
        states = ", ".join(f"{state} {people}" for state, people in figures.states.items())
        admin = reverse("admin:octopush_django_campaign_change", args=[campaign.pk])
        rows = [
            ("Chosen", f"{figures.people + figures.left_out} people"),
            ("Left out", f"{figures.left_out} ({'; '.join(left_out)})"),
            ("Audience", f"{figures.people} people"),
            (
                "Batches",
                f"{sum(figures.frames.values())}, {figures.attempts} calls, "
                f"{seconds:.1f} s until the last report",
            ),
            ("SMS", f"{figures.segments}"),
            ("Cost", f"{figures.cost.normalize():f} EUR (sandbox money)"),
            ("Delivery", states),
            ("Replies", f"{figures.replies}"),
            ("Opt-outs", f"{figures.opt_outs}"),
            ("See it", f"{site}{admin}  login {LOGIN}, password {PASSWORD}"),
            ("Gateway", f"{_sandbox_address()}/_sandbox/"),
        ]
        self._say("")
        for label, value in rows:
            self._say(f"  {label:<9} {value}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _begin_again() -> None:
    """Start this process anew with settings for a demo: own database, sandbox, free ports."""
    directory = _directory()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    site, gateway = _free_port(), _free_port()
    os.environ.update(
        {
            DEMO: str(directory),
            "OCTOPUSH_DEMO_SITE_PORT": str(site),
            "DATABASE_URL": f"sqlite:///{directory / 'db.sqlite3'}",
            "Q_BROKER": "orm",
            "DEBUG": "1",
            "OCTOPUSH_API_LOGIN": DEMO_LOGIN,
            "OCTOPUSH_API_KEY": "demo-key",
            "OCTOPUSH_BASE_URL": f"http://127.0.0.1:{gateway}/v1/public",
            "OCTOPUSH_BACKEND": "octopush_django.backends.octopush.OctopushBackend",
            "OCTOPUSH_WEBHOOK_SECRETS": secrets.token_urlsafe(32),
            "OCTOPUSH_QUIET_HOURS": "",
            "OCTOPUSH_SIMULATION": "False",
            "OCTOPUSH_INSTANCE": "",
            "OCTOPUSH_SENDER": "Octave",
        }
    )
    os.execv(sys.executable, [sys.executable, *sys.argv])


def _refuse_other_settings() -> None:
    """Before anything is written: database, queue, login and gateway must be the demo's own."""
    own = str(_directory())
    names = [str(database["NAME"]) for database in settings.DATABASES.values()]
    touched = {
        "database": not all(name.startswith(f"{own}{os.sep}") for name in names),
        "queue": queue.settings_in_use()["orm"] is None,
        "login": conf.api_login != DEMO_LOGIN,
        "gateway": conf.reaches_people or os.environ[DEMO] != own,
    }
    foreign = [name for name, is_foreign in touched.items() if is_foreign]
    if foreign:
        raise CommandError(
            f"The demo would use this project's own {', '.join(foreign)}, since its settings do "
            "not come from the environment alone. Run it in the repository: make demo."
        )


def _sample() -> Path:
    sample = Path(settings.BASE_DIR) / "example_project" / "data" / "contacts.csv"
    if not sample.exists():
        raise CommandError(f"There is no {sample}; name a file with --contacts.")
    return sample


def _directory() -> Path:
    return Path(settings.BASE_DIR) / ".demo"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _process(name: str, arguments: list[str], directory: Path) -> Iterator[None]:
    """A child in a process group of its own, which is gone when the block ends."""
    with (directory / f"{name}.log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-u", sys.argv[0], *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield
    finally:
        _end(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Ask it to stop, then make sure that nothing of its group is left."""
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=5)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _wait_for(url: str, log: Path) -> None:
    for _ in range(150):
        try:
            urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise CommandError(f"{url} does not answer; see {log}.")


def _sandbox_address() -> str:
    return conf.base_url.removesuffix("/v1/public")


def _sandbox() -> Any:
    with urlopen(f"{_sandbox_address()}/_sandbox/", timeout=10) as answer:
        return json.load(answer)


def _verify(campaign: Campaign, figures: Totals) -> None:
    """Compare what we say with what the gateway was asked: the demo must not lie."""
    gateway = _sandbox()
    sent = [
        number for entry in gateway["log"] if entry["accepted"] for number in entry["recipients"]
    ]
    problems = [
        (campaign.status != CampaignStatus.SENT, f"the campaign is {campaign.status}"),
        (len(sent) != len(set(sent)), "somebody was messaged twice"),
        (len(sent) != figures.people, f"{len(sent)} were sent, {figures.people} counted"),
        (str(figures.cost.normalize()) != str(_amount(gateway["spent"])), "the cost differs"),
        (bool(gateway["bent"]), f"the gateway would have bent: {gateway['bent'][:3]}"),
        (gateway["callbacks"]["failed"] > 0, "callbacks were not taken"),
    ]
    wrong = [text for is_wrong, text in problems if is_wrong]
    if wrong:
        raise CommandError("The demo went wrong: " + "; ".join(wrong) + ".")


def _amount(text: str) -> Decimal:
    return Decimal(text).normalize()


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
