"""What the documentation leaves open, and how this sandbox answers it."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Switches:
    """The switches: changed at start, or while running by POST to ``/_sandbox/switches``.

    Times are seconds, amounts euros.
    """

    balance: float = 1000.0
    price_premium: float = 0.049
    price_low_cost: float = 0.035
    price_voice: float = 0.05
    price_rcs: float = 0.06
    price_email: float = 0.001
    # Which code names a repeated request_id: 120 (older list), 182 (seen), 400 (field error).
    duplicate_code: int = 120
    # Whether a refused request uses its request_id up.
    refusal_uses_id: bool = True
    # Whether the gateway remembers request_ids at all.
    remembers_ids: bool = True
    remember_for: float = 24 * 60 * 60.0
    # Whether number_of_sms_needed is the total, or that of one person.
    sms_needed_in_total: bool = True
    # Answer with two fields fewer, as the pages on simple and scheduled SMS do.
    short_answers: bool = False
    # Refuse what the real gateway bends and sends anyway.
    strict: bool = False
    # Send an ACK before each final report.
    acknowledges: bool = False
    # "json" or "form": how delivery reports are posted.
    report_format: str = "json"
    # Put number and message_id of replies under "metadata".
    nested_replies: bool = False
    # From the answer to the reports, and from a report to the reply that follows it.
    report_after: float = 0.3
    # The reports of a sending come over this many seconds, rather than at once.
    report_spread: float = 0.0
    reply_after: float = 0.3
    # Any sign-in passes; or only this one, written login:key.
    account: str = ""

    def change(self, values: dict[str, Any]) -> None:
        """Set switches by name. Raises ``ValueError`` for an unknown name or a wrong type."""
        for name, value in values.items():
            present = getattr(self, name, None)
            if present is None:
                raise ValueError(f"there is no switch {name!r}")
            kinds = (int, float) if isinstance(present, float) else (type(present),)
            if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(
                present, bool
            ):
                raise ValueError(f"{name} must be {type(present).__name__}")
            setattr(self, name, value)
