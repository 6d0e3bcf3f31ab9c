"""A project that uses the app: customers of its own, with the library's phone field."""
