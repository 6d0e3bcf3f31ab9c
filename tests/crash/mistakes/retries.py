"""Mistakes about what an answer means."""

from octopush_django.sending.retry_policy import NextState

from .registry import NOWHERE, decide_otherwise, mutant, never


@mutant(never("reset_after"), never("500_after"))
def a_duplicate_taken_as_refusal():
    decide_otherwise(lambda state, answer, _: NextState("refused") if answer.code == 120 else None)


@mutant(never("500_after"), never("empty"))
def silence_taken_as_refusal():
    decide_otherwise(
        lambda state, answer, _: NextState("refused") if answer.outcome == "uncertain" else None
    )


@mutant(never("500_before"), never("reset_before"))
def silence_taken_as_sent():
    decide_otherwise(
        lambda state, answer, _: NextState("accepted") if answer.outcome == "uncertain" else None
    )


@mutant(never("429"))
def too_many_requests_taken_as_sent():
    decide_otherwise(
        lambda state, answer, _: NextState("accepted") if answer.http_status == 429 else None
    )


@mutant(never("busy"))
def busy_taken_as_sent():
    decide_otherwise(
        lambda state, answer, _: NextState("accepted") if answer.code == 127 else None
    )


@mutant(never("down"), ("down", NOWHERE, "before", 1000))
def unreachable_taken_as_sent():
    decide_otherwise(
        lambda state, answer, _: NextState("accepted") if answer.outcome == "unreachable" else None
    )
