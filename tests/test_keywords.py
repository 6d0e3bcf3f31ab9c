import pytest

from octopush_django.keywords import classify_reply


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop", "Stop.", "Stop. Merci", "Stop. Thank you", "ARRÊT", "Arrêt", "arret svp",
     "STOP 36111", "stop au 36111", "STOP SMS", "Stop pub", "désabonnement", "Me désabonner",
     "unsubscribe please", "STOP STOP", "stop !!!", "  stop  ", "ＳＴＯＰ", "Bonjour, stop svp"],
)  # fmt: skip
def test_opt_outs(text):
    assert classify_reply(text) == "opt_out"


@pytest.mark.parametrize(
    "text",
    ["we have got to STOP this bill", "Je voudrais ne plus recevoir vos messages",
     "arrêtez de m'écrire à cette heure", "Ne m'envoyez plus rien",
     "remove me from your list",
     "Pourquoi ? Stop !", "Je ne veux plus recevoir vos messages", "plus de SMS svp"],
)  # fmt: skip
def test_doubtful_ones_wait_for_a_person(text):
    assert classify_reply(text) == "doubtful"


@pytest.mark.parametrize(
    "text",
    ["OK", "Oui merci", "Ouvert non-stop ?", "À demain", "", "👍",
     "C'est près de l'arrêt de bus ?", "J'aimerais en plus, non-stop, recevoir vos offres",
     "unstoppable"],
)  # fmt: skip
def test_other_replies(text):
    assert classify_reply(text) == "reply"


def test_two_thousand_characters_are_read():
    assert classify_reply("." * 1996 + "stop" + "x" * 10_000) == "opt_out"
    assert classify_reply("." * 2000 + "stop") == "reply"
