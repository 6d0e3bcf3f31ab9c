"""Magic numbers: 06 39 98 99 xx chooses what happens to that person.

The range belongs to nobody (Arcep, numbers for fiction). Any other number is simply delivered.
"""

from dataclasses import dataclass, field
from typing import Any

PREFIX = "+3363998"
MAGIC = "+336399899"


@dataclass(frozen=True)
class Outcome:
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


DELIVERED = Outcome("delivered")

OUTCOMES: dict[str, Outcome] = {
    "00": DELIVERED,
    "01": Outcome("not delivered", ("NOT_DELIVERED",)),
    "02": Outcome("no such number", ("BAD_DESTINATION",)),
    "03": Outcome("had opted out at the gateway", ("BLACKLISTED_NUMBER",)),
    "04": Outcome("not allowed", ("NOT_ALLOWED",)),
    "05": Outcome("outcome not known", ("UNKNOWN_DELIVERY",)),
    "06": Outcome("outcome undefined", ("UNDEFINED",)),
    "07": Outcome("expired", ("EXPIRED",)),
    "08": Outcome("too many messages to one number", ("ANTI_FLOODING",)),
    "09": Outcome("taken by the carrier, then nothing", ("ACK",)),
    "10": Outcome("no report at all", ()),
    "11": Outcome("the report comes before the answer", first=True),
    "12": Outcome("the same report twice", ("DELIVERED", "DELIVERED")),
    "13": Outcome("reports in the wrong order", ("DELIVERED", "ACK")),
    "14": Outcome("a status that nobody documented", ("SOMETHING_NEW",)),
    "15": Outcome("first unknown, then delivered", ("UNKNOWN_DELIVERY", "DELIVERED")),
    "16": Outcome("report as a form", shape={"format": "form"}),
    "17": Outcome("report with odd key names", shape={"keys": "odd"}),
    "20": Outcome("answers", reply="Oui merci, à demain !"),
    "21": Outcome("opts out", opt_out="STOP"),
    "22": Outcome("opts out by a plain reply", reply="Stop. Merci"),
    "23": Outcome(
        "opts out, told twice: as a reply and as an opt-out", reply="STOP", opt_out="STOP"
    ),
    "24": Outcome("perhaps opts out", reply="Je voudrais ne plus recevoir vos messages"),
    "25": Outcome("answers, nested under metadata", reply="OK", shape={"nested": True}),
    "26": Outcome("answers, without the ticket", reply="C'est noté", shape={"ticket": False}),
    "27": Outcome("answers, number without +", reply="D'accord", shape={"plus": False}),
    "28": Outcome("answers with hostile text", reply="<script>alert('x')</script> =1+1 \u202e"),
    "29": Outcome("opts out in capitals with an accent", reply="ARRÊT"),
    "30": Outcome("left out in silence", (), dropped=True),
}


def outcome_of(number: str) -> Outcome:
    """What happens to ``number``."""
    if number.startswith(MAGIC) and len(number) == len(MAGIC) + 2:
        return OUTCOMES.get(number[-2:], DELIVERED)
    return DELIVERED
