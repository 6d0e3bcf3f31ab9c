"""Deliberate mistakes, one at a time: the checker must catch every one.

Each is applied in the worker processes only, and tried in runs where it can show.
"""

import uuid
from dataclasses import replace

from django.db import connection

from octopush_django import lifecycle
from octopush_django.inbound import apply as applying
from octopush_django.inbound import store
from octopush_django.models import Frame, Recipient, SendAttempt, WebhookEvent
from octopush_django.models.sending import request_id_of
from octopush_django.sending import claims, settlement
from octopush_django.sending.retry_policy import NextState

from . import bench
from .modes import MODES, UNKILLED_MODES

CALL = "octopush_django.backends.octopush:OctopushBackend.send"
SETTLE = "octopush_django.sending.settlement:settle"
APPLY = "octopush_django.inbound.apply:_apply_batch"
RECEIVE = "octopush_django.inbound.store:receive"
NOWHERE = "octopush_django.inbound.match:_accept"

MUTANTS = []


def mutant(*runs):
    """Register a mistake, with the runs that should show it: (mode, step, when, hit)."""

    def register(mistake):
        MUTANTS.append((mistake, runs))
        return mistake

    return register


def never(mode):
    """A run with late reports in which nothing is killed (no step is reached that often)."""
    return (mode, NOWHERE, "before", 1000)


def wrap(holder, name, make):
    setattr(holder, name, make(getattr(holder, name)))


# --- request ids --------------------------------------------------------------------------------


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


def decide_otherwise(change):
    """Replace the table: ``change(state, answer, ambiguous)`` may return another state."""

    def make(original):
        def decide(answer, **facts):
            state = original(answer, **facts)
            return change(state, answer, facts["ambiguous"]) or state

        return decide

    wrap(settlement, "decide", make)


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


# --- retry policy -------------------------------------------------------------------------------


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


# --- intent, claims, leases ---------------------------------------------------------------------


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


@mutant(never("ok"))
def answers_crossed():
    def make(original):
        def settle(results):
            answers = [answer for _, answer in results]
            turned = answers[1:] + answers[:1]
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


# --- opt-outs -----------------------------------------------------------------------------------


@mutant(never("ok"))
def opt_outs_not_read_at_the_claim():
    claims.drop_people = lambda frames, now: {}


@mutant(never("reset_after"), never("lost answers, code 182"))
def who_was_left_out_of_a_repeat_is_not_written_down():
    def make(original):
        return lambda frames, payloads, dropped, now: original(frames, payloads, {}, now)

    wrap(claims, "_commit_intent", make)


@mutant(never("ok"))
def stops_are_not_recorded():
    store.opt_out = lambda *args, **kwargs: None


# --- money and ends -----------------------------------------------------------------------------


@mutant(never("ok"))
def the_bill_booked_twice():
    def make(original):
        def book(frame, answer):
            cost = answer.total_cost
            return original(frame, replace(answer, total_cost=cost * 2 if cost else cost))

        return book

    wrap(settlement, "_book", make)


@mutant(never("ok"))
def the_bill_not_booked():
    def make(original):
        def book(frame, answer):
            original(frame, answer)
            frame.cost, frame.cost_is_estimate = None, False

        return book

    wrap(settlement, "_book", make)


@mutant(never("reset_after"), never("storm of resets"))
def over_while_frames_are_unclear():
    lifecycle.OPEN_FRAMES = ("pending", "sending")


@mutant(never("coded, not taken"))
def over_while_a_person_should_decide():
    lifecycle.OPEN_FRAMES = ("pending", "sending", "uncertain")


# --- inbound ------------------------------------------------------------------------------------


@mutant(("ok", RECEIVE, "after", 2), ("ok", RECEIVE, "after", 5))
def events_answered_before_they_are_stored():
    def make(original):
        waiting = []

        def receive(body):
            waiting.append(body)
            if len(waiting) == 3:
                for held in waiting:
                    original(held)
                waiting.clear()

        return receive

    wrap(store, "receive", make)


@mutant(("ok", "octopush_django.inbound.apply:_apply_reports", "before", 1))
def events_marked_before_they_are_applied():
    def make(original):
        def take(limit):
            events = original(limit)
            keys = [event.pk for event in events]
            WebhookEvent.objects.filter(pk__in=keys).update(state="applied")
            if keys:
                connection.in_atomic_block = False
                connection.commit()
                connection.in_atomic_block = True
            return events

        return take

    wrap(applying, "_take", make)


@mutant(never("ok"))
def reports_are_not_written_to_their_people():
    applying._move_forward = lambda recipient, report: False


@mutant(never("ok"))
def reports_are_not_tallied():
    applying.add_each = lambda *arguments: None


@mutant(("ok", SETTLE, "before", 1), ("ok", CALL, "after", 1), never("reset_after"))
def reports_without_a_ticket_are_thrown_away():
    def make(original):
        def apply(read, matcher):
            original(read, matcher)
            for item in read:
                if item.event.state == "unmatched":
                    item.event.state = "applied"

        return apply

    wrap(applying, "_apply_reports", make)


@mutant(never("ok"))
def the_same_reply_stored_twice():
    def make(original):
        def store(event, notice, campaign_id, recipient_id):
            original(event, notice, campaign_id, recipient_id)
            applying.Reply.objects.create(address=notice.address, text=notice.text + " ")

        return store

    wrap(applying, "_store_reply", make)


@mutant(never("ok"))
def a_number_in_two_frames():
    """Somebody moves a person to another frame after it has left."""

    def make(original):
        def settle(results):
            original(results)
            frames = list(Frame.objects.order_by("pk"))
            person = Recipient.objects.filter(frame=frames[0], exclusion="").first()
            if person and frames[0].status == "accepted":
                Recipient.objects.filter(pk=person.pk).update(frame=frames[-1])

        return settle

    wrap(settlement, "settle", make)


def prove(limit_seconds=4):
    """Run every mutant until it is caught; 1 if one of them escapes, or the sound code fails."""
    modes = {mode.name: mode for mode in MODES + UNKILLED_MODES}
    escaped = []
    stand = bench.Bench(patience=limit_seconds)
    try:
        for mistake, runs in MUTANTS:
            caught = ""
            for mode, step, when, hit in runs * 2:
                late = replace(modes[mode], late=hit == 1000)
                plan = bench.Plan((step, when), hit, late, duo=False)
                sound = stand.run(plan).violations
                if sound:
                    caught = ""
                    escaped.append(f"the sound code fails in {plan}: {sound[0]}")
                    break
                found = stand.run(plan, mistake).violations
                if found:
                    caught = found[0]
                    break
            name = mistake.__name__.replace("_", " ")
            print(f"{'caught ' if caught else 'ESCAPED'} {name}: {caught[:70]}", flush=True)
            if not caught:
                escaped.append(name)
    finally:
        stand.close()
    print(f"{len(MUTANTS) - len(escaped)} of {len(MUTANTS)} mistakes caught", flush=True)
    return 1 if escaped else 0
