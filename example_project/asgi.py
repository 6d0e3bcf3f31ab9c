"""For a server that speaks ASGI."""

import os

from django.core.asgi import get_asgi_application

from .start import refuse_public_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
application = get_asgi_application()
refuse_public_key()
