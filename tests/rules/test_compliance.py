from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from octopush_django.conf import conf
from octopush_django.rules import compliance, hours
from octopush_django.rules.hours import AllowedHours

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


def test_marketing_tells_it_once():
    twice = "STOP au XXXXX STOP au 36111"
    assert codes(text=twice) == {"stop_twice": "error"}
    assert codes(text=twice, purpose="alert") == {"stop_twice": "warning"}
    both = f"{twice[:13]} no PUB=STOP"
    assert codes(text=both, sms_type="sms_low_cost") == {"stop_twice": "error"}
    assert codes(text=twice[:13], stop_patterns=[*conf.stop_patterns, r"STOP au X+"]) == {}


def test_the_mention_is_spelled_by_the_setting():
    values = {"text": "Promo", "purpose": "wholesale", "sms_type": "sms_premium", "sender": "Shop"}
    [found] = compliance.check_message(
        **values, stop_patterns=["ARRET 3"], stop_mention="ARRET 30101"
    )
    assert "“ARRET 30101”" in str(found.message)


def test_personal_details_with_which_nobody_should_get_it():
    found = compliance.check_values(missing=2, too_long=1, braces=1, required=["first name"])
    assert [(one.code, one.level, one.acknowledge) for one in found] == [
        ("missing_value", "warning", False),
        ("value_too_long", "warning", False),
        ("value_with_braces", "warning", True),
    ]
    assert str(found[0].message).startswith(
        "2 people are left out because a personal detail is missing (first name)."
    )
    assert compliance.check_values(missing=0, too_long=0, braces=0, required=[]) == []


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
    assert codes(text="Bonjour {Prénom} STOP au XXXXX") == {"placeholder": "error"}


def test_a_personal_detail_that_nobody_has():
    [found] = compliance.check_fields("{ville} {first_name} {vile}", ["first_name", "ville"])
    assert (found.code, found.level) == ("unknown_field", "error")
    assert "{vile}. There are: {first_name}, {ville}." in str(found.message)
    assert compliance.check_fields("{ville}", ["ville"]) == []


def test_an_sms_takes_five_personal_details():
    text = "{first_name} {last_name} {a} {b} {c} {d} {e} STOP au XXXXX"
    assert codes(text=text) == {}
    assert codes(text=f"{{f}} {text}") == {"too_many_fields": "error"}


HOURS = AllowedHours.parse("mon-sat 08:00-20:00", PARIS)


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
    assert AllowedHours.parse("", PARIS) is None


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCKS = st.times().map(lambda clock: f"{clock:%H:%M}")


@given(
    st.sampled_from(DAYS), st.sampled_from(DAYS), CLOCKS, CLOCKS,
    st.datetimes(datetime(2025, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),
)  # fmt: skip
def test_the_next_opening_is_the_first_allowed_moment(first, last, opens, closes, moment):
    assume(opens < closes)
    hours = AllowedHours.parse(f"{first}-{last} {opens}-{closes}", PARIS)
    found = hours.next_opening(moment)
    assert hours.allows(found)
    assert found >= moment
    if found > moment:
        assert not hours.allows(moment)
        assert found.astimezone(PARIS).strftime("%H:%M") == opens
        assert not hours.allows(found - timedelta(seconds=1))
        noons = (moment.astimezone(PARIS).date() + timedelta(days=n) for n in range(1, 15))
        middle = datetime.strptime(opens, "%H:%M").time()
        for day in noons:
            if day < found.astimezone(PARIS).date():
                assert not hours.allows(datetime.combine(day, middle, PARIS))
    assert hours.closing(found) > found


@given(
    st.text(max_size=400), st.sampled_from(["alert", "wholesale"]),
    st.sampled_from(["sms_premium", "sms_low_cost"]), st.text(max_size=12),
)  # fmt: skip
def test_any_text_gets_findings_and_never_an_exception(text, purpose, sms_type, sender):
    for channel in ("sms", "voice_sms", "rcs", "email"):
        found = compliance.check_message(
            text=text, purpose=purpose, sms_type=sms_type, sender=sender, channel=channel,
            stop_patterns=conf.stop_patterns,
        )  # fmt: skip
        assert all(str(finding.message) for finding in found)
    assert all(str(finding.message) for finding in compliance.check_purpose(text, purpose, 1))


@pytest.mark.parametrize("text", ["8-20", "mon-sat 20:00-08:00", "mo-sa 08:00-20:00"])
def test_unreadable_hours_say_so(text):
    with pytest.raises(ValueError, match=r"mon-sat|closes"):
        AllowedHours.parse(text, PARIS)


@pytest.mark.parametrize(
    ("year", "easter_monday"), [(2024, (4, 1)), (2025, (4, 21)), (2026, (4, 6)), (2038, (4, 26))]
)
def test_moving_holidays(year, easter_monday):
    holidays = hours.french_holidays(year)
    assert date(year, *easter_monday) in holidays
    assert len(holidays) == 11
