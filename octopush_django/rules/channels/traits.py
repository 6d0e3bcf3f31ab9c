"""What the rest of the app must know of a channel, whichever it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.functional import Promise


def _nothing_to_check(options: Mapping[str, Any]) -> None:
    pass


def _nothing_by_default(with_replies: bool) -> dict[str, Any]:
    return {}


def one_each(text: str) -> int:
    """A message is one unit, however long its text is."""
    return 1


@dataclass(frozen=True, kw_only=True)
class Traits:
    """A channel. Names of options, and what they hold, are the gateway's.

    ``code``: its name at the gateway. ``title``, ``add_title``: as marketers read it, and above
    the form. ``family`` of the addresses it goes to; whether ``landlines`` take it, whether it
    ``needs_sender`` and whether people ``can_reply``.

    ``units`` of a text are what a bill counts; ``unit_name`` has both plurals, with ``number``
    and ``units``; ``bill`` is the figure of the gateway's answer that names them, where one does.

    ``options``: its own. ``defaults``: options that are sent if none is set. ``check``: raises
    :class:`InvalidRequest` for options that the gateway would refuse or bend. ``in_preview``:
    options that the preview shows as people will see them.
    """

    code: Literal["sms", "voice_sms", "rcs", "email"]
    title: Promise
    add_title: Promise
    unit_name: Promise
    family: Literal["phone", "email"] = "phone"
    landlines: bool = False
    needs_sender: bool = True
    can_reply: bool = False
    units: Callable[[str], int] = one_each
    bill: Literal["segments_billed", "contacts_accepted", ""] = "contacts_accepted"
    options: tuple[str, ...] = ()
    defaults: Callable[[bool], dict[str, Any]] = _nothing_by_default
    check: Callable[[Mapping[str, Any]], None] = _nothing_to_check
    in_preview: frozenset[str] = field(default_factory=frozenset)

    @property
    def preview_template(self) -> str:
        """Shows the text and the options of ``in_preview``."""
        return f"admin/octopush_django/campaign/preview/{self.code}.html"

    def metadata(self, options: Mapping[str, Any], with_replies: bool) -> dict[str, Any]:
        """What the multi-channel call holds of ``options``. Raises :class:`InvalidRequest`."""
        self.check(options)
        given = {name: options[name] for name in self.options if options.get(name)}
        return self.defaults(with_replies) | given
