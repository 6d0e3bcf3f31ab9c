"""Stored sentences: a code with values, said in the language of whoever reads them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils.translation import override

from octopush_django.models import Campaign, Frame
from octopush_django.rules.sentences import Sentence, from_text, to_text

from ..people import send

WHO = "%(who)s paused it."
MOMENT = datetime(2031, 5, 4, 6, 30, tzinfo=UTC)


def in_french(sentence):
    kept = to_text(sentence)
    with override("fr"):
        return from_text(kept)


def test_a_sentence_is_said_in_the_language_that_reads_it():
    said = Sentence(WHO, who="Ada")
    assert said == "Ada paused it."
    assert in_french(said) == "Mise en pause par Ada."


def test_it_is_kept_without_a_word_of_the_language_that_wrote_it():
    with override("fr"):
        assert to_text(Sentence(WHO, who="Ada")) == to_text(Sentence(WHO, who="Ada"))
        kept = to_text(Sentence(WHO, who=Sentence("Somebody")))
    assert from_text(kept) == "Somebody paused it."


def test_moments_amounts_and_figures_are_said_as_they_are_there():
    said = Sentence(
        "%(when)s, %(euros)s, %(people)s", when=MOMENT, euros=Decimal("1234.5"), people=1200
    )
    assert said == "Sunday 4 May 2031 08:30, 1,234.50, 1,200"
    assert in_french(said).replace("\xa0", " ").replace("\u202f", " ") == (
        "dimanche 4 mai 2031 08:30, 1 234,50, 1 200"
    )


def test_sentences_one_after_the_other():
    said = Sentence.of(Sentence(WHO, who="Ada"), Sentence(WHO, who="Bob"))
    assert said == "Ada paused it. Bob paused it."
    assert in_french(said) == "Mise en pause par Ada. Mise en pause par Bob."


@pytest.mark.parametrize(
    "words",
    ["A wrong price", "100 % sure %(who)s", '{"text": "x"}', '{"text": "%(a)s", "values": {}}',
     "[1]", '"', "12", "null", "«\u2028é»", '{"moment": "x"}'],
)  # fmt: skip
def test_words_of_a_person_or_of_the_gateway_stay_as_they_are(words):
    assert from_text(to_text(words)) == words
    assert in_french(Sentence("%(words)s", words=words)) == words
    from_text(words)  # not written by us: no traceback


def test_none_is_none():
    assert to_text("") == "" == from_text("")
    assert Sentence("") == ""


@pytest.mark.django_db
def test_the_tables_keep_sentences():
    campaign = send()
    Campaign.objects.update(reason=Sentence(WHO, who="Ada"))
    Frame.objects.update(error_message="Bad word")
    with override("fr"):
        assert Campaign.objects.get().reason == "Mise en pause par Ada."
        assert Campaign.objects.filter(reason=Sentence(WHO, who="Ada")).exists()
        again = Campaign.objects.get()
        again.save()
        assert list(Campaign.objects.values_list("reason", flat=True)) == [
            "Mise en pause par Ada."
        ]
    campaign.refresh_from_db()
    assert campaign.reason == "Ada paused it."
    assert Frame.objects.get().error_message == "Bad word"
    assert not Frame.objects.exclude(error_message="Bad word").exists()
