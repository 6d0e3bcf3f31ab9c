"""Mistakes about reports, replies and opt-outs that come back."""

from django.db import connection

from octopush_django.inbound import apply as applying
from octopush_django.inbound import store
from octopush_django.models import (
    Frame,
    Recipient,
    WebhookEvent,
)
from octopush_django.sending import settlement

from .registry import CALL, NOWHERE, RECEIVE, SETTLE, mutant, never, wrap


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


@mutant(
    ("slow", NOWHERE, "before", 999, {"duo": True}),
    ("ok", SETTLE, "before", 1),
    ("ok", CALL, "after", 1),
    never("reset_after"),
)
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
