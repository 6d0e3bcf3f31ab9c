"""Cut people into frames: even ones, a small pilot first, by text and zone where these differ."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, router
from django.db.models import CharField, Count, F, QuerySet, TextField, Value, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import RowNumber
from django.utils import timezone

from ..conf import conf
from ..exceptions import ComplianceError
from ..models import Campaign, Contact, Frame, Recipient
from ..models.sending import request_id_of
from ..rules import compliance
from . import judging, routes


@dataclass(frozen=True)
class Cut:
    """How people are cut: a pilot frame of ``pilot``, then ``rest`` into ``parts`` even ones.

    The pilot's bill is compared with the estimate before the others leave.
    """

    pilot: int
    rest: int
    parts: int

    @property
    def sizes(self) -> list[int]:
        """People per frame, in the order of the frames."""
        even = [
            (part + 1) * self.rest // self.parts - part * self.rest // self.parts
            for part in range(self.parts)
        ]
        return [self.pilot, *even] if self.pilot else even


def cut(total: int, size: int, pilot: int = 0) -> Cut:
    """Cut ``total`` people into frames: even, none over ``size``, no small remainder.

    With more than two frames the first is a pilot of ``pilot`` people (0: none).
    """
    parts = -(-total // size)
    if parts <= 2 or not 0 < pilot < size:
        return Cut(0, total, parts)
    return Cut(pilot, total - pilot, -(-(total - pilot) // size))


def number_in_sql() -> str:
    """The frame of the row at ``cut.place`` (from 1) of ``total.people``: as ``cut`` does."""
    size, pilot = int(conf.frame_size), int(conf.pilot_size)
    even = _even_in_sql("cut.place", "total.people", size)
    if not 0 < pilot < size:
        return f"1 + {even}"
    behind = _even_in_sql(f"(cut.place - {pilot})", f"(total.people - {pilot})", size)
    return (
        f"CASE WHEN total.people <= {2 * size} THEN 1 + {even}"
        f" WHEN cut.place <= {pilot} THEN 1 ELSE 2 + {behind} END"
    )


def _even_in_sql(place: str, people: str, size: int) -> str:
    parts = f"(({people} + {size - 1}) / {size})"
    return f"({place} * {parts} - 1) / NULLIF({people}, 0)"


def cut_recipients(campaign: Campaign, rules: judging.Rules) -> int:
    """Cut recipients that are written already; return how many receive it.

    Raises :class:`ComplianceError` where texts made here take too many requests, or one is too
    long.
    """
    if needs_groups(campaign, rules):
        return _cut_by_group(campaign, rules)
    return _cut_evenly(campaign)


def needs_groups(
    campaign: Campaign, rules: judging.Rules, contacts: "QuerySet[Contact] | None" = None
) -> bool:
    """Whether not everybody can go together: texts of their own, or hours of their own."""
    if rules.rendered:
        return True
    if not routes.keeps_local_hours(campaign):
        return False
    if contacts is not None:
        return contacts.filter(routes.overseas("phone_number")).exists()
    included = Recipient.objects.filter(campaign=campaign).included()
    return included.filter(routes.overseas("address")).exists()


def _cut_evenly(campaign: Campaign) -> int:
    included = Recipient.objects.filter(campaign=campaign).included()
    people = included.count()
    made = cut(people, conf.frame_size, conf.pilot_size)
    write_frames(campaign, [(size, "", "") for size in made.sizes], pilot=made.pilot > 0)
    table = Recipient._meta.db_table
    sql = f"""
        UPDATE {table} SET frame_id = placed.frame_id
        FROM (SELECT cut.id, frame.id AS frame_id
              FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM {table}
                    WHERE campaign_id = {campaign.pk:d} AND exclusion = '') AS cut
              CROSS JOIN (SELECT {people:d} AS people) AS total
              JOIN {Frame._meta.db_table} AS frame
                ON frame.campaign_id = {campaign.pk:d} AND frame.number = {number_in_sql()}
             ) AS placed
        WHERE {table}.id = placed.id
    """
    with connections[router.db_for_write(Recipient)].cursor() as cursor:
        cursor.execute(sql)
    return people


def _cut_by_group(campaign: Campaign, rules: judging.Rules) -> int:
    """Who reads the same in the same zone goes together.

    Where texts are made here, ``payload`` is still each person's own.
    """
    groups = _groups(campaign, rules)
    pilot = _pilot(groups)
    sizes = [(size, *key) for key, people in groups for size in _sizes(people, key, groups, pilot)]
    write_frames(campaign, sizes, pilot=pilot > 0)
    table, frames = Recipient._meta.db_table, Frame._meta.db_table
    placed, params = _places(campaign, rules)
    # A canonical address holds nothing that JSON would escape.
    payload = f"""'{{"{rules.field}": "' || {table}.address || '"}}'"""
    sql = f"""
        WITH cut(id, zone, own_text, place) AS ({placed})
        UPDATE {table} SET frame_id = placed.frame_id,
               payload = {payload if rules.rendered else f"{table}.payload"}
        FROM (SELECT cut.id, frame.id AS frame_id
              FROM cut
              LEFT JOIN (SELECT text, time_zone, MIN(number) AS first, COUNT(*) AS parts,
                                SUM(contacts) AS people
                         FROM {frames} WHERE campaign_id = {campaign.pk:d} AND number > %s
                         GROUP BY text, time_zone) AS part
                   ON part.text = cut.own_text AND part.time_zone = cut.zone
              JOIN {frames} AS frame
                ON frame.campaign_id = {campaign.pk:d} AND frame.number =
                   CASE WHEN cut.own_text = %s AND cut.zone = %s AND cut.place <= %s THEN 1
                        WHEN cut.own_text = %s AND cut.zone = %s
                        THEN part.first + ((cut.place - %s) * part.parts - 1) / part.people
                        ELSE part.first + (cut.place * part.parts - 1) / part.people END
             ) AS placed
        WHERE {table}.id = placed.id
    """
    first = groups[0][0] if groups else ("", "")
    beyond = [1 if pilot else 0, *first, pilot, *first, pilot]
    with connections[router.db_for_write(Recipient)].cursor() as cursor:
        cursor.execute(sql, [*params, *beyond])
    return sum(people for _key, people in groups)


Group = tuple[tuple[str, str], int]
"""(Text of their own or "", time zone or ""), and how many people."""


def _groups(campaign: Campaign, rules: judging.Rules) -> list[Group]:
    """Who goes together; those of the site's own zone first."""
    included = Recipient.objects.filter(campaign=campaign).included().order_by()
    texts = Texts(conf.frame_size)
    keyed = included.annotate(zone=_zone(campaign), own_text=_own_text(rules))
    counted = keyed.values_list("own_text", "zone").annotate(people=Count("pk"))
    for text, zone, people in counted.iterator(chunk_size=2000):
        texts.add((text, zone), people)
    findings = compliance.check_texts(texts.requests, texts.longest)
    if findings:
        raise ComplianceError(findings)
    return sorted(texts, key=lambda group: (group[0][1], -group[1]))


def _zone(campaign: Campaign) -> Combinable:
    if routes.keeps_local_hours(campaign):
        return routes.zone_of("address")
    return Value("", output_field=CharField())


def _own_text(rules: judging.Rules) -> Combinable:
    return F("payload") if rules.rendered else Value("", output_field=TextField())


def _places(campaign: Campaign, rules: judging.Rules) -> tuple[str, tuple[Any, ...]]:
    """SQL of each included recipient's group and place in it."""
    window = Window(RowNumber(), partition_by=[F("own_text"), F("zone")], order_by="pk")
    rows = (
        Recipient.objects.filter(campaign=campaign)
        .included()
        .order_by()
        .annotate(zone=_zone(campaign), own_text=_own_text(rules))
        .annotate(place=window)
    )
    using = router.db_for_write(Recipient)
    query = rows.values_list("pk", "zone", "own_text", "place").query
    sql, params = query.get_compiler(using).as_sql()
    return sql, params


def _pilot(groups: Sequence[Group]) -> int:
    """People of a first, small frame; 0 for none."""
    frames = sum(len(cut(people, conf.frame_size).sizes) for _key, people in groups)
    if frames <= 2 or not 0 < conf.pilot_size < conf.frame_size:
        return 0
    return min(conf.pilot_size, groups[0][1])


def _sizes(people: int, key: tuple[str, str], groups: Sequence[Group], pilot: int) -> list[int]:
    if not pilot or key != groups[0][0]:
        return cut(people, conf.frame_size).sizes
    return [pilot, *cut(people - pilot, conf.frame_size).sizes]


class Texts:
    """The different texts that people read, each in its zone, and how many requests they take.

    Counts on, but keeps no more than can be sent: memory stays flat.
    """

    def __init__(self, frame_size: int) -> None:
        self._frame_size = frame_size
        self._people: Counter[tuple[str, str]] = Counter()
        self.longest = 0

    def add(self, key: tuple[str, str], people: int) -> None:
        """``people`` get the text and live in the zone of ``key``."""
        self.longest = max(self.longest, len(key[0]))
        if len(self._people) <= compliance.MOST_REQUESTS:
            self._people[key] += people

    def __iter__(self) -> Iterator[Group]:
        return iter(self._people.items())

    @property
    def requests(self) -> int:
        """Requests that they take; over ``MOST_REQUESTS`` at least that many."""
        return sum(-(-people // self._frame_size) for people in self._people.values())


def write_frames(
    campaign: Campaign, sizes: Sequence[tuple[int, str, str]], *, pilot: bool = False
) -> list[Frame]:
    """One row per frame, each with its ``request_id``; those after a pilot have no turn yet."""
    now = timezone.now()
    return Frame.objects.bulk_create(
        Frame(
            campaign=campaign,
            number=number,
            request_id=request_id_of(campaign.uuid, number, 1),
            contacts=size,
            text=text,
            time_zone=zone,
            next_action_at=None if pilot and number > 1 else now,
        )
        for number, (size, text, zone) in enumerate(sizes, 1)
    )
