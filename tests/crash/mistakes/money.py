"""Mistakes about bills, and about how a campaign ends."""

from dataclasses import replace

from octopush_django import lifecycle
from octopush_django.sending import settlement

from .registry import mutant, never, wrap


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
