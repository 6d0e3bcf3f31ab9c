"""Mistakes about request_ids: the keys that keep a repeat from being a second message."""

import uuid
from dataclasses import replace

from octopush_django.models import (
    Frame,
)
from octopush_django.models.sending import request_id_of
from octopush_django.sending import claims
from octopush_django.sending.retry_policy import NextState

from .registry import CALL, decide_otherwise, mutant, never, wrap


@mutant(never("reset_after"), never("500_after"))
def a_new_request_id_for_each_attempt():
    def make(original):
        def commit(frames, payloads, dropped, now):
            for frame in frames:
                frame.request_id = str(uuid.uuid4())
                Frame.objects.filter(pk=frame.pk).update(request_id=frame.request_id)
            return original(frames, payloads, dropped, now)

        return commit

    wrap(claims, "_commit_intent", make)


@mutant(never("reset_after"), never("hang_after"))
def every_silence_taken_as_not_sent():
    decide_otherwise(
        lambda state, answer, _: (
            NextState("pending", renew=True) if answer.outcome == "uncertain" else None
        )
    )


@mutant(never("then credit"))
def a_refusal_after_silence_taken_as_clear():
    decide_otherwise(
        lambda state, answer, ambiguous: (
            NextState("pending", renew=True) if answer.code == 104 and ambiguous else None
        )
    )


@mutant(never("then credit"))
def silence_forgotten():
    decide_otherwise(lambda state, *_: replace(state, ambiguous=False))


@mutant(never("credit, id used up"), never("busy, id used up"))
def a_used_up_request_id_used_again_and_120_believed():
    def change(state, answer, ambiguous):
        if answer.code == 120:
            return NextState("accepted")
        return replace(state, renew=False)

    decide_otherwise(change)


@mutant(("ok", CALL, "after", 1), ("ok", CALL, "after", 2))
def a_dead_workers_frame_begins_anew():
    def make(original):
        def expire(now=None):
            ids = list(Frame.objects.filter(status="sending").values_list("pk", flat=True))
            expired = original(now)
            for frame in Frame.objects.filter(pk__in=ids, status="uncertain"):
                frame.status, frame.ambiguous, frame.generation = "pending", False, 2
                frame.request_id = request_id_of(frame.campaign.uuid, frame.number, 2)
                frame.save()
            return expired

        return expire

    wrap(claims, "expire_leases", make)
