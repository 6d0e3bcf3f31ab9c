"""One route: ``include("octopush_django.urls")`` gives ``webhook/<secret>/``."""

from django.urls import path, re_path

from .views import webhook

app_name = "octopush_django"

urlpatterns = [
    path("webhook/<str:secret>/", webhook, name="webhook"),
    # A redirect to the slash would lose the body.
    re_path(r"^webhook/(?P<secret>[^/]+)$", webhook),
]
