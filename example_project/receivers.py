"""What this site does when somebody answers."""

import logging

from django.dispatch import receiver

from octopush_django.numbers import masked
from octopush_django.signals import reply_received

logger = logging.getLogger("octopush_django.example")


@receiver(reply_received)
def note_reply(reply, **kwargs):
    logger.info("Reply %s from %s, read as %s", reply.pk, masked(reply.address), reply.reading)
