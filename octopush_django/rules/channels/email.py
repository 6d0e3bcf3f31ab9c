"""E-mail, as text or HTML.

Facts: the gateway's page on multi-channel sending.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ...client.messages import check_choice
from ...exceptions import InvalidRequest
from .. import addresses
from .traits import Traits

SERVICES = ("gateway", "mailbox")
FORMATS = ("plain_text", "html")
LONGEST_SUBJECT = 1000
LONGEST_NAME = 100
_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


def _check(options: Mapping[str, Any]) -> None:
    address = options.get("email_from")
    if not isinstance(address, str) or addresses.canonical_email(address) is None:
        raise InvalidRequest("email_from", _("must be an e-mail address."))
    _check_line("subject", options.get("subject"), LONGEST_SUBJECT)
    for name in ("name_from", "template_name"):
        if options.get(name):
            _check_line(name, options[name], LONGEST_NAME)
    check_choice("body_format", options.get("body_format", "plain_text"), FORMATS)
    check_choice("emailing_service", options.get("emailing_service", "gateway"), SERVICES)
    language = options.get("language")
    if language and not (isinstance(language, str) and _LANGUAGE.fullmatch(language)):
        raise InvalidRequest("language", _("must be a code such as fr or en-GB."))


def _check_line(name: str, value: Any, longest: int) -> None:
    """One line of text, as a header of a mail is."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(name, _("must not be empty."))
    if len(value) > longest:
        said = _("has %(count)d characters; %(longest)d at most.")
        raise InvalidRequest(name, said % {"count": len(value), "longest": longest})
    if any(unicodedata.category(char) in _BREAKS for char in value):
        raise InvalidRequest(name, _("must be one line, without control characters."))
    if "{" in value or "}" in value:
        raise InvalidRequest(name, _("is the same for everybody: take the braces out."))


EMAIL = Traits(
    code="email",
    title=gettext_lazy("E-mail"),
    add_title=gettext_lazy("Add e-mail"),
    family="email",
    unit_name=ngettext_lazy("%(units)s e-mail", "%(units)s e-mails", "number"),
    options=(
        "subject", "email_from", "name_from", "body_format", "template_name",
        "emailing_service", "language",
    ),
    defaults=lambda with_replies: {"emailing_service": "gateway", "body_format": "plain_text"},
    check=_check,
    in_preview=frozenset({"email_from", "name_from", "subject"}),
)  # fmt: skip
