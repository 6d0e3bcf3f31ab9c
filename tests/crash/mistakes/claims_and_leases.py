"""Mistakes about the intent on disk, claims and leases."""

from octopush_django.models import (
    SendAttempt,
)
from octopush_django.sending import claims, settlement

from .registry import CALL, SETTLE, mutant, never, wrap


@mutant(("ok", CALL, "after", 1), ("ok", SETTLE, "before", 1))
def the_intent_written_after_the_call():
    kept = []
    create = SendAttempt.objects.bulk_create

    class Later:
        class objects:
            filter = SendAttempt.objects.filter

            @staticmethod
            def bulk_create(attempts):
                kept.extend(attempts)

        def __new__(cls, **values):
            return SendAttempt(**values)

    def make(original):
        def settle(results):
            create(kept)
            kept.clear()
            return original(results)

        return settle

    claims.SendAttempt = Later
    wrap(settlement, "settle", make)


@mutant(("ok", CALL, "before", 1), ("ok", SETTLE, "before", 1))
def dead_workers_are_not_noticed():
    claims.expire_leases = lambda now=None: 0


@mutant(never("ok"))
def attempts_are_not_closed():
    settlement._close_attempts = lambda results, now: None


@mutant(never("ok"), never("slow"))
def answers_crossed():
    """Each call gets the answer of the one before."""
    before = []

    def make(original):
        def settle(results):
            answers = [answer for _, answer in results]
            turned = [*before, *answers][: len(answers)]
            before[:] = answers[-1:] or before
            made = [claim for claim, _ in results]
            return original(list(zip(made, turned, strict=True)))

        return settle

    wrap(settlement, "settle", make)


@mutant(never("ok"))
def a_person_forgotten_in_the_body():
    def make(original):
        def payloads(frames):
            found = original(frames)
            return {pk: rows.partition("}, ")[2] or rows for pk, rows in found.items()}

        return payloads

    wrap(claims, "_payloads", make)
