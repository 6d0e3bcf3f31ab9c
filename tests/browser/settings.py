"""The example project under the strictest content policy that Django's own admin lives with."""

from example_project.settings import *  # noqa: F403
from example_project.settings import MIDDLEWARE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def strict_policy(get_response):
    def respond(request):
        response = get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response

    return respond


MIDDLEWARE = ["tests.browser.settings.strict_policy", *MIDDLEWARE]
