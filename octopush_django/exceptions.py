"""Everything this package raises.

OctopushError
├── ConfigurationError        the settings are wrong (also ImproperlyConfigured)
├── InvalidRequest            a value that the gateway would refuse or bend (also ValueError)
├── CampaignError             we refuse, before anything is stored or sent
│   ├── InvalidCampaign       an argument is wrong: .field says which
│   ├── ComplianceError       the text, sender or hour is not allowed: .findings says why
│   ├── EmptyAudience         nobody would receive it: .exclusions says why
│   ├── KeyConflict           the key belongs to another message: .campaign, .field
│   └── NotAllowedNow         the campaign's state forbids what was asked
├── NotSentYet                 whether it went out is open; a worker goes on: .campaign
└── GatewayError              the gateway, or the road to it
    ├── GatewayRefused        answered no; nothing went out: .code, .errors
    ├── GatewayUnreachable    proven not sent: safe to repeat
    └── GatewayUncertain      it may have been sent: repeat only with the same request_id
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured


class OctopushError(Exception):
    """The root: catch it to catch everything this package raises."""


class ConfigurationError(OctopushError, ImproperlyConfigured):
    """A setting is missing or wrong. Never swallowed."""


class InvalidRequest(OctopushError, ValueError):
    """A value that must not leave: the gateway would refuse it, or bend it and send anyway.

    ``field`` is the gateway's name of the field.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class CampaignError(OctopushError):
    """We refuse. Nothing was stored and nothing was sent."""


class InvalidCampaign(CampaignError, ValueError):
    """An argument of the campaign is wrong; ``field`` names it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class ComplianceError(CampaignError):
    """The campaign breaks a rule; ``findings`` are the errors, each with code and message."""

    def __init__(self, findings: Sequence[Any]) -> None:
        super().__init__(" ".join(str(finding.message) for finding in findings))
        self.findings = list(findings)


class EmptyAudience(CampaignError):
    """Nobody would receive the campaign; ``exclusions`` says how many were left out, and why."""

    def __init__(self, exclusions: Mapping[str, int]) -> None:
        detail = ", ".join(f"{code}: {count}" for code, count in exclusions.items())
        super().__init__(
            "Nobody would receive this campaign." + (f" ({detail})" if detail else "")
        )
        self.exclusions = dict(exclusions)


class KeyConflict(CampaignError):
    """The key was used for another text, purpose or channel; ``campaign`` is the one it made.

    ``field`` names the argument that differs.
    """

    def __init__(self, campaign: Any, field: str) -> None:
        super().__init__(
            f"key: {campaign.key!r} was used for another {field}. A key stands for one message: "
            "take another key, or none."
        )
        self.campaign = campaign
        self.field = field


class NotAllowedNow(CampaignError):
    """The state of the campaign forbids what was asked: it was launched already, or is over."""


class NotSentYet(OctopushError):
    """The gateway has not accepted it yet, and may have it nevertheless; a worker goes on.

    ``campaign`` is the one to watch, or to cancel where the message is of no use later.
    """

    def __init__(self, campaign: Any, reason: str) -> None:
        super().__init__(reason or "It has not left yet.")
        self.campaign = campaign


class GatewayError(OctopushError):
    """The gateway, or the road to it. ``code`` is the gateway's own, where it gave one."""

    def __init__(
        self, message: str, *, code: int | None = None, errors: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.errors = dict(errors or {})


class GatewayRefused(GatewayError):
    """The gateway answered no. Nothing went out."""


class GatewayUnreachable(GatewayError):
    """The request provably never reached the gateway. Safe to repeat."""


class GatewayUncertain(GatewayError):
    """The request may have been carried out. Repeat only with the same ``request_id``."""
