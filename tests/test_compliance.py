from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from octopush_django import compliance
from octopush_django.compliance import SendingHours
from octopush_django.conf import conf

PARIS = ZoneInfo("Europe/Paris")


def codes(**changes):
    values = {
        "text": "Promo. STOP au XXXXX",
        "purpose": "wholesale",
        "sms_type": "sms_premium",
        "sender": "Shop",
        "stop_patterns": conf.stop_patterns,
        **changes,
    }
    return {finding.code: finding.level for finding in compliance.check_message(**values)}


def test_a_good_message_has_no_findings():
    assert codes() == {}


@pytest.mark.parametrize("mention", ["STOP at XXXXX", "STOP to 30101", "STOP au 36111"])
def test_stop_mentions_of_the_documentation(mention):
    assert codes(text=f"Promo {mention}") == {}


@pytest.mark.parametrize("mention", ["", "stop au XXXXX", "STOP au XXXX", "STOP XXXXX"])
def test_marketing_without_stop_is_refused(mention):
    assert codes(text=f"Promo {mention}") == {"stop_missing": "error"}


def test_transactional_needs_no_stop():
    assert codes(text="Votre colis est là", purpose="alert") == {}


def test_twice_is_told():
    assert codes(text="STOP au XXXXX STOP au XXXXX") == {"stop_twice": "warning"}


@pytest.mark.parametrize("sender", ["ab", "Company X", "Zoé", "x" * 12, "a-b-c"])
def test_a_wrong_sender_is_refused(sender):
    assert codes(sender=sender) == {"sender_wrong": "error"}


def test_a_missing_sender_is_refused():
    assert codes(sender="") == {"sender_missing": "error"}


def test_limits():
    stop = " STOP au XXXXX"
    assert codes(text="x" * (1224 - len(stop)) + stop) == {}
    assert codes(text="x" * (1225 - len(stop)) + stop) == {"text_too_long": "error"}
    assert "text_too_long" in codes(text="ç" * 537 + stop)
    assert codes(text="x" * 150 + " no PUB=STOP", sms_type="sms_low_cost") == {
        "low_cost_too_long": "error"
    }
    assert codes(text="x" * 147 + " no PUB=STOP", sms_type="sms_low_cost") == {}


def test_unicode_is_told_with_the_characters():
    assert codes(text="Ça coûte. STOP au XXXXX") == {"unicode": "warning"}


def test_braces_are_refused():
    assert codes(text="Bonjour {prenom} STOP au XXXXX") == {"placeholder": "error"}


HOURS = SendingHours.parse("mon-sat 08:00-20:00", PARIS)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ("2026-11-21 07:59", False),
        ("2026-11-21 08:00", True),
        ("2026-11-21 19:59", True),
        ("2026-11-21 20:00", False),
        ("2026-11-22 12:00", False),  # Sunday
        ("2026-11-11 12:00", False),  # Armistice
        ("2026-05-14 12:00", False),  # Ascension
        ("2026-05-15 12:00", True),
    ],
)
def test_sending_hours(moment, allowed):
    assert HOURS.allows(datetime.fromisoformat(moment).replace(tzinfo=PARIS)) is allowed


def test_next_opening_skips_sunday_and_holiday():
    saturday = datetime(2026, 4, 4, 20, 30, tzinfo=PARIS)  # before Easter Monday
    assert HOURS.next_opening(saturday) == datetime(2026, 4, 7, 8, 0, tzinfo=PARIS)


def test_hours_are_local_on_both_nights_of_clock_change():
    opens = HOURS.next_opening(datetime(2026, 3, 28, 21, 0, tzinfo=PARIS))
    assert opens.isoformat() == "2026-03-30T08:00:00+02:00"
    opens = HOURS.next_opening(datetime(2026, 10, 24, 21, 0, tzinfo=PARIS))
    assert opens.isoformat() == "2026-10-26T08:00:00+01:00"


def test_empty_hours_mean_always():
    assert SendingHours.parse("", PARIS) is None


@pytest.mark.parametrize("text", ["8-20", "mon-sat 20:00-08:00", "mo-sa 08:00-20:00"])
def test_unreadable_hours_say_so(text):
    with pytest.raises(ValueError, match=r"mon-sat|closes"):
        SendingHours.parse(text, PARIS)


@pytest.mark.parametrize(
    ("year", "easter_monday"), [(2024, (4, 1)), (2025, (4, 21)), (2026, (4, 6)), (2038, (4, 26))]
)
def test_moving_holidays(year, easter_monday):
    holidays = compliance.french_holidays(year)
    assert date(year, *easter_monday) in holidays
    assert len(holidays) == 11
