"""The webhook: authenticate, store, answer with nothing."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from . import queue
from .conf import conf
from .inbound.store import receive

LARGEST_BODY = 64 * 1024


@csrf_exempt
@login_not_required
@transaction.non_atomic_requests
def webhook(request: HttpRequest, secret: str) -> HttpResponse:
    """Take one callback of the gateway. It wants an empty answer within a second.

    200: the event is on disk. 404: the secret is wrong, or none is set. 413, 405, 411: not for us.
    """
    if not _is_known(secret):
        raise Http404
    if request.method != "POST":
        return HttpResponse(status=200 if request.method == "HEAD" else 405)
    body = _body(request)
    if isinstance(body, HttpResponse):
        return body
    receive(body)
    queue.enqueue("apply_events")
    return HttpResponse()


def _is_known(secret: str) -> bool:
    """Compare with every secret, without an early exit that timing could tell.

    A single text in place of the list would make each of its letters a secret (check E001).
    """
    secrets = conf.webhook_secrets
    if not isinstance(secrets, list | tuple):
        return False
    matches = [constant_time_compare(secret, known) for known in secrets if known]
    return any(matches)


def _body(request: HttpRequest) -> bytes | HttpResponse:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        # Django would read a body of unknown length as empty, and we would lose it.
        return HttpResponse(status=411)
    if int(length) > LARGEST_BODY:
        return HttpResponse(status=413)
    try:
        return request.body
    except (RequestDataTooBig, UnreadablePostError):
        return HttpResponse(status=400)
