"""A whole installation as processes: sandbox, cluster, site, and a database of its own."""

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
REDIS_DATABASES = itertools.cycle(range(4, 16))
SECRET = "end-to-end-secret-0123456789"


class Installation:
    """Everything that a user runs, started from nothing, on free ports of this machine."""

    def __init__(self, *, workers=2, **environment):
        self._stack = ExitStack()
        self.directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self.site_port, self.sandbox_port = free_port(), free_port()
        self.site = f"http://127.0.0.1:{self.site_port}"
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        self.processes = {}
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("OCTOPUSH_")},
            "DJANGO_SETTINGS_MODULE": "example_project.settings",
            "DATABASE_URL": self._stack.enter_context(own_database(self.directory)),
            "Q_BROKER": own_broker(),
            "Q_WORKERS": str(workers),
            "OCTOPUSH_API_LOGIN": "e2e@example.org",
            "OCTOPUSH_API_KEY": "sentinel-key-end-to-end",
            "OCTOPUSH_BASE_URL": f"{self.sandbox}/v1/public",
            "OCTOPUSH_WEBHOOK_SECRETS": SECRET,
            "OCTOPUSH_QUIET_HOURS": "",
            "OCTOPUSH_SENDER": "Shop",
            **environment,
        }

    def __enter__(self):
        try:
            self.manage("migrate", "-v0")
            self.start(
                "sandbox",
                "octopush_sandbox",
                "--port",
                str(self.sandbox_port),
                "--callback-url",
                f"{self.site}/octopush/webhook/{SECRET}/",
            )
            self.start("cluster", "qcluster")
            # Each request of runserver is a thread: kept connections would use up the server's.
            self.env["CONN_MAX_AGE"] = "0"
            self.start("site", "runserver", f"127.0.0.1:{self.site_port}", "--noreload")
            del self.env["CONN_MAX_AGE"]
            wait_until(lambda: answers(f"{self.sandbox}/_sandbox/"), "the sandbox answers")
            wait_until(lambda: answers(f"{self.site}/"), "the site answers")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        for name in list(self.processes):
            self.stop(name)
        self._stack.close()

    def start(self, name, *arguments):
        """Start ``manage.py`` with these arguments in a process group of its own."""
        log = self._stack.enter_context((self.directory / f"{name}.log").open("a"))
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-u", "manage.py", *arguments],
            cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    def stop(self, name):
        """End a process and its whole group."""
        process = self.processes.pop(name)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def manage(self, *arguments):
        """Run ``manage.py`` to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code, **values):
        """Run code beside this installation; it prints JSON, which is returned."""
        prelude = (
            "import django, json; django.setup()\n"
            "from octopush_django.models import *\n"
            "from octopush_django.campaigns import *\n"
            f"values = json.loads({json.dumps(json.dumps(values))})\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", prelude + code],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    def gateway(self):
        """The sandbox's own account of what it was asked."""
        with urlopen(f"{self.sandbox}/_sandbox/", timeout=30) as answer:
            return json.load(answer)

    def tell_gateway(self, what, **document):
        body = json.dumps(document).encode()
        urlopen(Request(f"{self.sandbox}/_sandbox/{what}", data=body), timeout=10).close()

    def wait_for(self, condition, about, seconds=90, progress=None):
        """Wait, and show the logs if it never comes."""
        try:
            wait_until(condition, about, seconds, progress)
        except AssertionError as error:
            logs = "\n".join(
                f"--- {log.name}\n{log.read_text()[-3000:]}"
                for log in self.directory.glob("*.log")
            )
            raise AssertionError(f"{error}\n{logs}") from None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    with suppress(OSError):
        urlopen(url, timeout=2).close()
        return True
    return False


def wait_until(condition, about, seconds=60, progress=None):
    """Wait as long as this; where ``progress`` goes on changing, a slow machine has longer."""
    until, before = time.monotonic() + seconds, None
    while time.monotonic() < until:
        if condition():
            return
        if progress and (now := progress()) != before:
            until, before = time.monotonic() + seconds, now
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds} s in vain until {about}")


def own_broker():
    """The Redis server under test, with a queue of its own, or the ORM broker."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return "orm"
    import redis

    # Two installations may live at the same time: with one queue they would take each other's
    # tasks. Redis has 16 databases unless told otherwise.
    own = urlunsplit(urlsplit(url)._replace(path=f"/{next(REDIS_DATABASES)}"))
    redis.from_url(own).flushdb()
    return own


class Postgres:
    """A PostgreSQL server of its own, that a test may break."""

    def __init__(self, directory):
        self._data, port = directory / "data", free_port()
        self._options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        self._run("initdb", "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()

    def start(self):
        self._run("pg_ctl", "start", "-w", "-l", self._data / "log", "-o", self._options)

    def stop(self):
        self._run("pg_ctl", "stop", "-m", "immediate")

    def crash_and_restart(self):
        """Break every connection, recover from the log, as after a power cut."""
        self.stop()
        time.sleep(1)
        self.start()

    def _run(self, program, *arguments):
        command = [_postgres_program(program), "-D", str(self._data), *map(str, arguments)]
        if os.getuid() == 0:
            # The server refuses to run as root.
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                *command,
            ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60)


@contextmanager
def own_postgres():
    with tempfile.TemporaryDirectory() as directory:
        if os.getuid() == 0:
            shutil.chown(directory, "postgres")
        server = Postgres(Path(directory))
        try:
            yield server
        finally:
            server.stop()


def _postgres_program(name):
    """Debian keeps them out of the path."""
    found = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))]
    return str([path for path in found if path][-1])


@contextmanager
def own_database(directory):
    """A database for these processes alone."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield f"sqlite:///{directory / 'db.sqlite3'}"
        return
    import psycopg

    name = f"octopush_e2e_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
