"""Mistakes about hosts, backups, and what others send."""

from datetime import UTC, datetime

from octopush_django import lifecycle, models
from octopush_django.inbound import tickets
from octopush_django.sending import places

from .registry import mutant, never, wrap


@mutant(never("delay", bound=True))
def the_bound_of_the_account_is_not_kept():
    places.Places.take = lambda held, wanted: setattr(held, "count", wanted)


@mutant(never("ok", restored=True))
def a_restored_backup_goes_on():
    lifecycle.hold_after_silence = lambda now: None


@mutant(never("ok", restored=True, large=True))
def a_restored_backup_prepares_again():
    def make(original):
        def hold(now):
            waiting = set(models.Preparation.objects.values_list("campaign", flat=True))
            original(now)
            models.Campaign.objects.filter(pk__in=waiting, reason_code="silence").update(
                status="sending", reason_code="preparing"
            )

        return hold

    wrap(lifecycle, "hold_after_silence", make)


@mutant(never("reset_after", foreign=True), never("500_after", foreign=True))
def one_report_of_somebody_else_proves_a_frame():
    tickets._enough = lambda frame: 1


@mutant(never("reset_after", foreign=True), never("500_after", foreign=True))
def a_report_from_before_the_first_call_proves_a_frame():
    def make(original):
        def speaks_for(frame, reports):
            frame.first_posted_at = datetime(2000, 1, 1, tzinfo=UTC)
            return original(frame, reports)

        return speaks_for

    wrap(tickets, "speaks_for", make)
