"""Mistakes about who must not get it any more."""

from octopush_django import sweep
from octopush_django.inbound import store
from octopush_django.models import (
    Campaign,
    Exclusion,
)
from octopush_django.sending import claims
from octopush_django.sending import drops as sending_drops

from .registry import mutant, never, wrap


@mutant(never("ok"))
def opt_outs_not_read_at_the_claim():
    claims.drop_people = lambda frames, now: {}


@mutant(never("reset_after"), never("lost answers, code 182"))
def who_was_left_out_of_a_repeat_is_not_written_down():
    def make(original):
        return lambda frames, payloads, dropped, now: original(frames, payloads, {}, now)

    wrap(claims, "_commit_intent", make)


@mutant(never("ok", drops="early"))
def consent_not_read_at_the_claim():
    without_reason("consent_refused")


@mutant(never("ok", drops="early"))
def lists_not_read_at_the_claim():
    without_reason("left_lists")


@mutant(never("later reset_after", drops="late"), never("storm of resets", drops="late"))
def lists_read_at_a_repeat():
    sending_drops.ON_A_REPEAT = frozenset(Exclusion)


@mutant(never("reset_after", drops="late"), never("storm of resets", drops="late"))
def only_opt_outs_read_at_a_repeat():
    sending_drops.ON_A_REPEAT = frozenset({Exclusion.OPTED_OUT})


def without_reason(code):
    def make(original):
        return lambda campaign: (pair for pair in original(campaign) if pair[0] != code)

    wrap(sending_drops, "_reasons", make)


@mutant(never("ok", large=True))
def a_campaign_is_over_before_it_is_frozen():
    def conclude(ids):
        Campaign.objects.filter(pk__in=list(ids), frames=None).update(status="failed")

    sweep.conclude = conclude


@mutant(never("ok"))
def stops_are_not_recorded():
    store.opt_out = lambda *args, **kwargs: None
