"""Magic numbers: 06 39 98 99 xx chooses what happens to that person.

The range belongs to nobody (Arcep, numbers for fiction). Any other number is simply delivered.
"""

from dataclasses import dataclass, field
from typing import Any

PREFIX = "+3363998"
MAGIC = "+336399899"


@dataclass(frozen=True)
class PersonOutcome:
    """What becomes of a person: the reports in their order, then what the person writes.

    ``first``: the first report is posted before the request is answered. ``dropped``: the gateway
    leaves the number out in silence. ``shape``: another documented shape of the same callback.
    """

    about: str
    reports: tuple[str, ...] = ("DELIVERED",)
    reply: str = ""
    opt_out: str = ""
    first: bool = False
    dropped: bool = False
    shape: dict[str, Any] = field(default_factory=dict)


DELIVERED = PersonOutcome("delivered")

OUTCOMES: dict[str, PersonOutcome] = {
    "00": DELIVERED,
    "01": PersonOutcome("not delivered", ("NOT_DELIVERED",)),
    "02": PersonOutcome("no such number", ("BAD_DESTINATION",)),
    "03": PersonOutcome("had opted out at the gateway", ("BLACKLISTED_NUMBER",)),
    "04": PersonOutcome("not allowed", ("NOT_ALLOWED",)),
    "05": PersonOutcome("outcome not known", ("UNKNOWN_DELIVERY",)),
    "06": PersonOutcome("outcome undefined", ("UNDEFINED",)),
    "07": PersonOutcome("expired", ("EXPIRED",)),
    "08": PersonOutcome("too many messages to one number", ("ANTI_FLOODING",)),
    "09": PersonOutcome("taken by the carrier, then nothing", ("ACK",)),
    "10": PersonOutcome("no report at all", ()),
    "11": PersonOutcome("the report comes before the answer", first=True),
    "12": PersonOutcome("the same report twice", ("DELIVERED", "DELIVERED")),
    "13": PersonOutcome("reports in the wrong order", ("DELIVERED", "ACK")),
    "14": PersonOutcome("a status that nobody documented", ("SOMETHING_NEW",)),
    "15": PersonOutcome("first unknown, then delivered", ("UNKNOWN_DELIVERY", "DELIVERED")),
    "16": PersonOutcome("report as a form", shape={"format": "form"}),
    "17": PersonOutcome("report with odd key names", shape={"keys": "odd"}),
    "20": PersonOutcome("answers", reply="Oui merci, à demain !"),
    "21": PersonOutcome("opts out", opt_out="STOP"),
    "22": PersonOutcome("opts out by a plain reply", reply="Stop. Merci"),
    "23": PersonOutcome(
        "opts out, told twice: as a reply and as an opt-out", reply="STOP", opt_out="STOP"
    ),
    "24": PersonOutcome("perhaps opts out", reply="Je voudrais ne plus recevoir vos messages"),
    "25": PersonOutcome("answers, nested under metadata", reply="OK", shape={"nested": True}),
    "26": PersonOutcome(
        "answers, without the ticket", reply="C'est noté", shape={"ticket": False}
    ),
    "27": PersonOutcome("answers, number without +", reply="D'accord", shape={"plus": False}),
    "28": PersonOutcome(
        "answers with hostile text", reply="<script>alert('x')</script> =1+1 \u202e"
    ),
    "29": PersonOutcome("opts out in capitals with an accent", reply="ARRÊT"),
    "30": PersonOutcome("left out in silence", (), dropped=True),
}


def outcome_of(number: str) -> PersonOutcome:
    """What happens to ``number``."""
    if number.startswith(MAGIC) and len(number) == len(MAGIC) + 2:
        return OUTCOMES.get(number[-2:], DELIVERED)
    return DELIVERED
