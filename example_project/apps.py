from django.apps import AppConfig


class ExampleProjectConfig(AppConfig):
    name = "example_project"

    def ready(self) -> None:
        from . import receivers  # noqa: F401
