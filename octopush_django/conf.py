"""Every ``OCTOPUSH_*`` setting: its type, default and meaning.

Nothing is read at import: each property looks into Django's settings when it is used.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, overload
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from phonenumbers import SUPPORTED_REGIONS

T = TypeVar("T")

REAL_BACKEND = "octopush_django.backends.octopush.OctopushBackend"
SHORTEST_CALL, LONGEST_CALL = 0.05, 300
"""Seconds that a call to the gateway may take."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Setting(Generic[T]):
    """One setting, read lazily from Django's settings under ``OCTOPUSH_<NAME>``.

    ``cast`` names the method of ``environ.Env`` that reads it from the environment; ``problem``
    says in one sentence what is wrong with a value, or returns None.
    """

    def __init__(self, default: T, cast: str, problem: Callable[[Any], str | None]) -> None:
        self.default = default
        self.cast = cast
        self.problem = problem

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"OCTOPUSH_{name.upper()}"

    @overload
    def __get__(self, instance: None, owner: type) -> "Setting[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "T | Setting[T]":
        if instance is None:
            return self
        value: T = getattr(settings, self.name, self.default)
        return value


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, str) else "must be text."


def _header(value: Any) -> str | None:
    if value is None or _text(value):
        return _text(value)
    is_whole = value.isascii() and value.isprintable() and " " not in value
    return None if is_whole else "must hold no blanks, line breaks or accents."


def _name(longest: int) -> Callable[[Any], str | None]:
    def problem(value: Any) -> str | None:
        if value is None or (isinstance(value, str) and len(value) <= longest):
            return None
        return f"must be text of {longest} characters at most."

    return problem


def _path(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip("/ ") else "must be a path."


def _given_text(value: Any) -> str | None:
    return None if isinstance(value, str) else "must be text."


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be True or False."


def _texts(value: Any) -> str | None:
    is_list = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    return None if is_list else "must be a list of texts."


def _whole(lowest: int, highest: int) -> Callable[[Any], str | None]:
    def problem(value: Any) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool)
        if fits and lowest <= value <= highest:
            return None
        return f"must be a whole number from {lowest} to {highest}."

    return problem


def _optional(problem: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
    return lambda value: None if value is None else problem(value)


def _number(lowest: float, highest: float) -> Callable[[Any], str | None]:
    def problem(value: Any) -> str | None:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return (
            None
            if fits and lowest <= value <= highest
            else f"must be a number from {lowest:g} to {highest:g}."
        )

    return problem


def _timeout(value: Any) -> str | None:
    positive = _number(SHORTEST_CALL, LONGEST_CALL)
    if isinstance(value, list | tuple) and len(value) == 2 and not any(map(positive, value)):
        return None
    return "must be two numbers of seconds: to connect, and for the whole call."


def _zone(value: Any) -> str | None:
    is_known = isinstance(value, str) and value in available_timezones()
    return None if is_known else "must be a time zone such as Europe/Paris."


def _countries(value: Any) -> str | None:
    if _texts(value):
        return _texts(value)
    unknown = sorted(set(value) - SUPPORTED_REGIONS)
    return f"must hold codes of countries such as FR, not {unknown[0]!r}." if unknown else None


def _url(value: Any) -> str | None:
    if _text(value):
        return _text(value)
    try:
        parts = urlsplit(value or "")
        host, path, port = parts.hostname or "", parts.path.strip("/"), parts.port
    except ValueError as error:
        return f"is no address: {error}."
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        return "must be an https address (http only towards this machine, for the sandbox)."
    more = (parts.query, parts.fragment, parts.username, *re.findall(r"\s", value))
    if not host or not path or port == 0 or any(more):
        return "must be a whole address such as https://api.octopush.com/v1/public."
    if host.endswith("octopush.com") and path != "v1/public":
        return "must end in /v1/public: everything else answers “Not found”."
    return None


def _secrets(value: Any) -> str | None:
    if _texts(value):
        return _texts(value)
    if all(len(secret) >= 16 and secret.isascii() and "/" not in secret for secret in value):
        return None
    return "each secret needs 16 characters at least, of letters, digits, '-' and '_'."


class Conf:
    """The settings by name, without their prefix: ``conf.frame_size``."""

    api_login = Setting[str | None](None, "str", _header)
    api_key = Setting[str | None](None, "str", _header)
    base_url = Setting("https://api.octopush.com/v1/public", "str", _url)
    backend = Setting(REAL_BACKEND, "str", _given_text)
    webhook_secrets = Setting[list[str]]([], "list", _secrets)
    sender = Setting[str | None](None, "str", _text)
    simulation = Setting(False, "bool", _flag)
    frame_size = Setting(500, "int", _whole(1, 500))
    timeout = Setting[tuple[float, float]]((5, 30), "list", _timeout)
    concurrency = Setting(4, "int", _whole(1, 64))
    account_concurrency = Setting[int | None](None, "int", _optional(_whole(1, 1000)))
    repost_uncertain = Setting(True, "bool", _flag)
    instance = Setting[str | None](None, "str", _name(100))
    time_zone = Setting("Europe/Paris", "str", _zone)
    quiet_hours = Setting("mon-sat 08:00-20:00", "str", _given_text)
    require_consent = Setting(False, "bool", _flag)
    stop_patterns = Setting[list[str]](
        [r"\bSTOP (?:at|au|to) (?:X{5}|\d{5})(?!\w)"], "list", _texts
    )
    stop_mention = Setting("STOP au XXXXX", "str", _given_text)
    two_way_countries = Setting[list[str]](["FR"], "list", _countries)
    low_credit = Setting(0.0, "float", _number(0, 1e9))
    multi_channel_path = Setting("multi-channel/send", "str", _path)
    sms_by_multi_channel = Setting(False, "bool", _flag)
    pilot_size = Setting(50, "int", _whole(0, 500))
    pilot_tolerance = Setting(0.1, "float", _number(0, 10))
    late_limit = Setting(2 * 60 * 60, "int", _whole(0, 31 * 24 * 60 * 60))
    import_limit = Setting(100_000_000, "int", _whole(1, 10**12))
    retention_days = Setting(365, "int", _whole(1, 36500))
    opt_out_key = Setting[str | None](None, "str", _text)

    @property
    def region(self) -> str:
        """The country that national numbers are read in: PHONENUMBER_DEFAULT_REGION, or FR."""
        return getattr(settings, "PHONENUMBER_DEFAULT_REGION", None) or "FR"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the gateway's dates and of the quiet hours."""
        return ZoneInfo(self.time_zone)

    @property
    def reaches_people(self) -> bool:
        """Whether what is sent can reach a person: the real backend, not talking to itself."""
        return self.backend == REAL_BACKEND and urlsplit(self.base_url).hostname not in LOOPBACK


def declared() -> Iterator[Setting[Any]]:
    """Every setting, in the order of this file."""
    return (value for value in vars(Conf).values() if isinstance(value, Setting))


def from_env(env: Any) -> dict[str, Any]:
    """The ``OCTOPUSH_*`` settings found in the environment, cast to their types.

    ``env`` is an ``environ.Env``. For a project's settings file:
    ``globals().update(from_env(env))``. A name that is not set keeps its default.
    """
    found = {}
    for setting in declared():
        if setting.name in env.ENVIRON:
            value = getattr(env, setting.cast)(setting.name)
            if isinstance(setting.default, tuple):
                value = tuple(float(part) for part in value)
            found[setting.name] = value
    return found


conf = Conf()
