"""A careful SMS campaign desk for the Django admin, over the Octopush gateway."""

__version__ = "0.1.0"
