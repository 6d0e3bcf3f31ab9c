"""What the gateway does while a process dies: faults of the sandbox, and its open questions."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mode:
    """``faults`` are planned in this order; ``down``: nobody listens for the first worker.

    ``late``: reports come only when every answer is in, so that none is learned from them.
    """

    name: str
    faults: tuple = ()
    switches: dict = field(default_factory=dict)
    down: bool = False
    late: bool = False


def fault(name, **more):
    return {"fault": name, "seconds": 0.05, **more}


ONE = tuple(
    Mode(name, (fault(name),))
    for name in (
        "reset_before", "reset_after", "500_before", "500_after", "hang_before", "hang_after",
        "half_answer", "empty", "html", "html_after", "garbled", "coded_after", "redirect",
        "429", "delay", "drip",
    )
)  # fmt: skip

MODES = (
    Mode("ok"),
    Mode("down", down=True),
    *ONE,
    Mode("credit", (fault("refuse", code=104),)),
    Mode("busy", (fault("refuse", code=127),)),
    Mode("bad word", (fault("refuse", code=1340),)),
    Mode("later reset_after", (fault("reset_after", skip=2, times=2),)),
    Mode("slow", (fault("delay", times=8),)),
    Mode("storm of resets", (fault("reset_after", times=3), fault("reset_before", times=3))),
    Mode("storm of 429", (fault("429", times=6),)),
    Mode("lost answers, code 182", (fault("empty", times=2),), {"duplicate_code": 182}),
    Mode("lost answers, code 400", (fault("reset_after", times=2),), {"duplicate_code": 400}),
    Mode("then credit", (fault("reset_after", times=4), fault("refuse", code=104))),
    Mode("short answers", (fault("500_after"),), {"short_answers": True}),
)

USED_UP = {"refusal_uses_id": True}

UNKILLED_MODES = (
    Mode("credit, id used up", (fault("refuse", code=104),), USED_UP),
    Mode("busy, id used up", (fault("refuse", code=127),), USED_UP),
    Mode("coded, not taken", (fault("refuse", code=125),), USED_UP),
)
"""Where refusals use their request_id up, a refusal that is lost with its worker looks like an
acceptance that was lost: the repeat is called a duplicate in both cases. No client can tell them
apart, so these are run without kills (docs/how-it-works.md, "What cannot be known").
"""
