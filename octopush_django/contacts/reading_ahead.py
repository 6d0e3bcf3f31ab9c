"""One item ahead: the next is made while the one before is used."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.utils import translation

Item = TypeVar("Item")
_END = object()


def read_ahead(items: Iterable[Item]) -> Generator[Item]:
    """The same items; each is made in a thread of its own while the caller uses the one before.

    For makers that touch no database. What the maker raises is raised here, in its place; its
    language is that of the caller, which a thread does not have by itself.
    """
    stream, language = iter(items), translation.get_language()

    def make() -> Any:
        with translation.override(language):
            return next(stream, _END)

    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(make)
        while (item := coming.result()) is not _END:
            coming = maker.submit(make)
            yield item
