import json
from urllib.parse import urlencode

import pytest
from django.test import Client

from octopush_django import queue, tasks
from octopush_django.models import OptOut, WebhookEvent

from .conftest import HAND_OVER

pytestmark = pytest.mark.django_db

URL = "/octopush/webhook/first-secret-0123456789/"
STOP = {"message_id": "sms_1", "number": "+33612345678", "text": "STOP", "stop_date": "x"}


@pytest.fixture
def strict_client():
    return Client(enforce_csrf_checks=True)


def post(client, url=URL, body=None, content_type="application/json"):
    return client.post(url, body or json.dumps(STOP), content_type=content_type)


def test_it_stores_and_answers_with_nothing(strict_client, enqueued):
    answer = post(strict_client)
    assert (answer.status_code, answer.content) == (200, b"")
    assert bytes(WebhookEvent.objects.get().body) == json.dumps(STOP).encode()
    assert OptOut.objects.get().address == "+33612345678"
    assert post(strict_client).status_code == 200
    assert WebhookEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_events_one_asks_for_a_worker(strict_client, monkeypatch):
    asked = []
    monkeypatch.setattr(queue, "_hand_over", HAND_OVER)
    monkeypatch.setattr(queue, "async_task", lambda *task: asked.append(task))
    for text in ("a", "b", "c"):
        post(strict_client, body=json.dumps({**STOP, "text": text}))
    assert asked == [("octopush_django.tasks.apply_events",)]
    tasks.apply_events()
    assert {event.state for event in WebhookEvent.objects.all()} == {"applied"}
    post(strict_client, body=json.dumps({**STOP, "text": "d"}))
    assert len(asked) == 2


def test_every_secret_of_the_list_works_with_and_without_slash(strict_client):
    for url in (URL, URL.rstrip("/"), URL.replace("first", "second")):
        assert post(strict_client, url).status_code == 200


@pytest.mark.parametrize("secret", ["wrong", "first-secret-012345678", "é", "x" * 500])
def test_a_wrong_secret_is_an_unknown_page(strict_client, secret):
    assert post(strict_client, f"/octopush/webhook/{secret}/").status_code == 404
    assert not WebhookEvent.objects.exists()


def test_without_secrets_there_is_no_webhook(strict_client, settings):
    settings.OCTOPUSH_WEBHOOK_SECRETS = []
    assert post(strict_client).status_code == 404


def test_only_post(strict_client):
    assert strict_client.get(URL).status_code == 405
    assert strict_client.head(URL).status_code == 200
    assert strict_client.put(URL).status_code == 405


def test_bodies_are_bounded(strict_client):
    assert post(strict_client, body="x" * 65537).status_code == 413
    assert not WebhookEvent.objects.exists()


def test_a_body_of_unknown_length_is_not_lost_in_silence(strict_client):
    assert strict_client.generic("POST", URL, b"", CONTENT_LENGTH="").status_code == 411


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json", "x"]
)
def test_forms_under_any_type(strict_client, content_type):
    assert post(strict_client, body=urlencode(STOP), content_type=content_type).status_code == 200
    assert OptOut.objects.exists()


@pytest.mark.parametrize("body", ["\x00", "{", "null", '{"number": "\\u0000", "stop_date": "x"}'])
def test_rubbish_is_stored_and_answered(strict_client, body):
    assert post(strict_client, body=body).status_code == 200
    assert WebhookEvent.objects.get().state == "quarantined"


def test_it_needs_no_login(strict_client, settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]  # fmt: skip
    assert post(strict_client).status_code == 200


def test_two_statements_of_ours_at_most(strict_client, django_assert_max_num_queries):
    report = {"message_id": "t", "number": "+33612345678", "status": "DELIVERED"}
    with django_assert_max_num_queries(4):
        post(strict_client, body=json.dumps(report))
