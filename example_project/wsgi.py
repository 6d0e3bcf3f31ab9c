"""For a server that speaks WSGI."""

import os

from django.core.wsgi import get_wsgi_application

from .start import refuse_public_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
application = get_wsgi_application()
refuse_public_key()
