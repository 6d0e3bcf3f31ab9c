"""Answers of a gateway that is not there, and the time that passes meanwhile."""

from datetime import timedelta
from decimal import Decimal

import time_machine
from django.utils import timezone

from octopush_django.client.answers import Answer
from octopush_django.sending import settlement

TICKET = Answer("accepted", http_status=201, ticket="sms_1", number_of_contacts=1,
                total_cost=Decimal("0.049"), number_of_sms=1)  # fmt: skip
SILENCE = Answer("uncertain", message="No answer: ReadTimeout")
DUPLICATE = Answer("refused", http_status=400, code=120)


def bill(people, sms):
    return Answer("accepted", http_status=201, ticket="sms_1", number_of_contacts=people,
                  number_of_sms=sms, total_cost=Decimal("0.2"))  # fmt: skip


def answer(claims, *answers):
    settlement.settle(list(zip(claims, answers, strict=True)))


def later(**delta):
    return time_machine.travel(timezone.now() + timedelta(**delta))
