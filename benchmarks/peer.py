"""The usual way: one django-q2 task per recipient, which calls the API and saves the row."""

import threading

import requests
from django.conf import settings

from octopush_django.models import Recipient

_sessions = threading.local()


def send_one(recipient_id):
    """Send to one person, with a session kept alive for the worker."""
    if not hasattr(_sessions, "session"):
        _sessions.session = requests.Session()
        _sessions.session.trust_env = False
    recipient = Recipient.objects.get(pk=recipient_id)
    body = f'{{"text": "Bonjour", "recipients": [{recipient.payload}]}}'
    answer = _sessions.session.post(
        f"{settings.OCTOPUSH_BASE_URL}/sms-campaign/send",
        data=body.encode(),
        headers={"Content-Type": "application/json", "api-login": "a", "api-key": "b"},
        timeout=30,
    )
    answer.raise_for_status()
    recipient.status = "accepted"
    recipient.status_raw = answer.json()["sms_ticket"]
    recipient.save()
