"""How people are cut into frames: even ones, after a small pilot where there are several.

Pure. The snapshot computes the same in SQL; a test holds the two together.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..rules import compliance


@dataclass(frozen=True)
class Sizes:
    """A pilot frame of ``pilot`` people (0: none), then ``rest`` in ``parts`` even frames.

    The pilot's bill is compared with the estimate before the others leave.
    """

    pilot: int
    rest: int
    parts: int

    def __iter__(self) -> Iterator[int]:
        """People per frame, in the order of the frames."""
        if self.pilot:
            yield self.pilot
        for part in range(self.parts):
            yield (part + 1) * self.rest // self.parts - part * self.rest // self.parts

    def __len__(self) -> int:
        return self.parts + bool(self.pilot)


def frame_sizes(people: int, largest: int, pilot: int = 0) -> Sizes:
    """Cut ``people`` into frames: even, none over ``largest``, no small remainder.

    With more than two frames the first is a pilot of ``pilot`` people (0: none).
    """
    parts = -(-people // largest)
    if parts <= 2 or not 0 < pilot < largest:
        return Sizes(0, people, parts)
    return Sizes(pilot, people - pilot, -(-(people - pilot) // largest))


@dataclass(frozen=True)
class TextGroup:
    """People who go together: they read the same ``text`` and live in the same ``time_zone``.

    Both are empty where the gateway makes the texts, and in the zone of the settings.
    """

    text: str
    time_zone: str
    people: int


class Texts:
    """The different texts that people read, each in its zone, and how many requests they take.

    Counts on, but keeps no more than can be sent: memory stays flat.
    """

    def __init__(self, frame_size: int) -> None:
        self._frame_size = frame_size
        self._people: Counter[tuple[str, str]] = Counter()
        self.longest = 0

    def add(self, text: str, time_zone: str, people: int) -> None:
        """``people`` get ``text`` and live in ``time_zone``."""
        self.longest = max(self.longest, len(text))
        if len(self._people) <= compliance.MOST_REQUESTS:
            self._people[text, time_zone] += people

    def __iter__(self) -> Iterator[TextGroup]:
        for (text, time_zone), people in self._people.items():
            yield TextGroup(text, time_zone, people)

    @property
    def requests(self) -> int:
        """Requests that the texts take; over ``MOST_REQUESTS`` at least that many."""
        return sum(-(-people // self._frame_size) for people in self._people.values())
