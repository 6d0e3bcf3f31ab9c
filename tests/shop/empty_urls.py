"""URLs of a project that forgot the webhook."""

urlpatterns: list = []
