"""A stand-in for the gateway: same paths, bodies, statuses and codes, no account, no money.

Standard library only, and nothing of the rest of this package: it must not share our mistakes.
Start it with ``manage.py octopush_sandbox`` or ``python -m octopush_django.sandbox``; from tests::

    with Sandbox(callback_url="http://localhost:8000/octopush/webhook/…/") as sandbox:
        ...  # OCTOPUSH_BASE_URL = sandbox.base_url

docs/sandbox.md says what it imitates, by which page of the gateway, and what each switch decides
where those pages leave a question open.
"""

from .server import Sandbox
from .switches import Switches

__all__ = ["Sandbox", "Switches"]
