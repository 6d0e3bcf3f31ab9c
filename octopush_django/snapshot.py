"""Freeze an audience: recipients with the text sent for each, cut into frames.

Set-based where the people are ours: one INSERT … SELECT, whatever the size of the lists. What was
looked at is what is sent; nobody is read again while sending but those who opted out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import CharField, Count, F, QuerySet, TextField, Value, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import RowNumber
from django.utils import timezone

from . import audience, compliance
from .conf import conf
from .exceptions import ComplianceError
from .models import (
    Campaign,
    Contact,
    Frame,
    Recipient,
    RecipientStatus,
)
from .models.bulk import update_each
from .models.sending import request_id_of

SLACK = 2
"""Frames by whose people the lists may grow while they are judged."""
CUTTING_TRIES = 3
"""For an audience that grows while it is being cut."""


class AudienceMoved(RuntimeError):
    """The lists grew between counting and freezing, several times in a row."""


def freeze(
    campaign: Campaign,
    contacts: "QuerySet[Contact] | None" = None,
    people: Iterable[audience.Person] = (),
) -> int:
    """Write the recipients and frames of ``campaign``; return how many will receive it.

    To be called inside the transaction that won the launch. ``contacts`` are judged in SQL,
    ``people`` are streamed after them, and lose against them where the number is the same.
    """
    rules = audience.Rules.of(campaign)
    judged = None if contacts is None else audience.judge_contacts(contacts, rules)
    streamed = _freeze_people(campaign, people, rules, judged)
    if contacts is not None and judged is not None and not streamed:
        if not _needs_groups(campaign, rules, contacts):
            return _freeze_contacts(campaign, contacts, judged, rules)
        _insert_contacts(campaign, judged, rules)
    if _needs_groups(campaign, rules):
        return _cut_by_group(campaign, rules)
    return _cut_frozen(campaign)


def _needs_groups(
    campaign: Campaign, rules: audience.Rules, contacts: "QuerySet[Contact] | None" = None
) -> bool:
    """Whether not everybody can go together: texts of their own, or hours of their own."""
    if rules.rendered:
        return True
    if not audience.keeps_local_hours(campaign):
        return False
    if contacts is not None:
        return contacts.filter(audience.overseas("phone_number")).exists()
    included = Recipient.objects.filter(campaign=campaign).included()
    return included.filter(audience.overseas("address")).exists()


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


def _number_in_sql() -> str:
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


def _freeze_people(
    campaign: Campaign,
    people: Iterable[audience.Person],
    rules: audience.Rules,
    judged: "QuerySet[Contact] | None",
) -> bool:
    """Write streamed people, after the contacts if there are any. False if there were none."""
    included = Recipient.objects.filter(campaign=campaign).included()

    def taken(addresses: Sequence[str]) -> set[str]:
        known = included.filter(address__in=addresses).values_list("address", flat=True)
        return {address for address in known if address}

    stream = iter(people)
    first = next(stream, None)
    if first is None:
        return False
    if judged is not None:
        _insert_contacts(campaign, judged, rules)

    def everybody() -> Iterable[audience.Person]:
        yield first
        yield from stream

    for chunk in audience.judge_people(everybody(), rules, taken):
        Recipient.objects.bulk_create(
            Recipient(
                campaign=campaign,
                contact_id=person.contact_id,
                address=person.address,
                payload=person.payload,
                exclusion=person.exclusion,
                status=_status(person.exclusion),
            )
            for person in chunk
        )
    return True


def _freeze_contacts(
    campaign: Campaign,
    contacts: "QuerySet[Contact]",
    judged: "QuerySet[Contact]",
    rules: audience.Rules,
) -> int:
    """Write frames for as many as there could be, the recipients into them, and trim the frames.

    So everybody is judged once. Others may add to the lists meanwhile: then once more.
    """
    recipients = Recipient.objects.filter(campaign=campaign)
    for _ in range(CUTTING_TRIES):
        # With a pilot there may be one frame more.
        most = -(-contacts.order_by().count() // conf.frame_size) + 1 + SLACK
        frames = _write_frames(campaign, [(1, "", "")] * most)
        _insert_contacts(campaign, judged, rules)
        found = recipients.included().aggregate(people=Count("pk"), placed=Count("frame_id"))
        if found["people"] == found["placed"]:
            _trim(campaign, frames, found["people"])
            return int(found["people"])
        recipients.delete()
        campaign.frames.all().delete()
    raise AudienceMoved("The lists keep growing while the campaign is being prepared. Try again.")


def _trim(campaign: Campaign, frames: Sequence[Frame], people: int) -> None:
    """Tell each frame how many are in it, and drop those that nobody is in."""
    made = cut(people, conf.frame_size, conf.pilot_size)
    for frame, size in zip(frames, made.sizes, strict=False):
        frame.contacts = size
        frame.next_action_at = None if made.pilot and frame.number > 1 else frame.next_action_at
    update_each(frames[: len(made.sizes)], ["contacts", "next_action_at"])
    campaign.frames.filter(number__gt=len(made.sizes)).delete()


def _insert_contacts(
    campaign: Campaign, judged: "QuerySet[Contact]", rules: audience.Rules
) -> None:
    """Judge and write everybody by one statement, into the frames if there are any."""
    using = router.db_for_write(Recipient)
    rows = judged.annotate(payload=audience.payload_in_sql(rules), address=F(rules.field))
    query = rows.order_by().values_list("pk", "address", "payload", "exclusion").query
    try:
        select, select_params = query.get_compiler(using).as_sql()
    except EmptyResultSet:
        # No list at all: Django knows without asking that nobody is in it.
        return
    # Table names and generated SQL only: every value is a parameter.
    sql = f"""
        INSERT INTO {Recipient._meta.db_table}
            (campaign_id, contact_id, address, payload, exclusion, frame_id, status, status_raw)
        WITH judged(id, address, payload, exclusion) AS MATERIALIZED ({select}),
             total(people) AS (SELECT COUNT(*) FROM judged WHERE exclusion = ''),
             cut AS (SELECT judged.*,
                            ROW_NUMBER() OVER (PARTITION BY exclusion = '' ORDER BY id) AS place
                     FROM judged)
        SELECT {campaign.pk:d}, cut.id, cut.address, cut.payload, cut.exclusion, frame.id,
               CASE WHEN cut.exclusion = '' THEN '{RecipientStatus.PENDING.value}'
                    ELSE '{RecipientStatus.EXCLUDED.value}' END, ''
        FROM cut CROSS JOIN total LEFT JOIN {Frame._meta.db_table} AS frame
             ON frame.campaign_id = {campaign.pk:d} AND cut.exclusion = ''
                AND frame.number = {_number_in_sql()}
        ORDER BY cut.id
    """
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "postgresql":
            # For this transaction: with the usual 4 MB the sorts of a million rows go to disk.
            cursor.execute("SET LOCAL work_mem = '160MB'")
        cursor.execute(sql, select_params)


def _cut_frozen(campaign: Campaign) -> int:
    """Cut recipients that are written already."""
    included = Recipient.objects.filter(campaign=campaign).included()
    people = included.count()
    made = cut(people, conf.frame_size, conf.pilot_size)
    _write_frames(campaign, [(size, "", "") for size in made.sizes], pilot=made.pilot > 0)
    table = Recipient._meta.db_table
    sql = f"""
        UPDATE {table} SET frame_id = placed.frame_id
        FROM (SELECT cut.id, frame.id AS frame_id
              FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM {table}
                    WHERE campaign_id = {campaign.pk:d} AND exclusion = '') AS cut
              CROSS JOIN (SELECT {people:d} AS people) AS total
              JOIN {Frame._meta.db_table} AS frame
                ON frame.campaign_id = {campaign.pk:d} AND frame.number = {_number_in_sql()}
             ) AS placed
        WHERE {table}.id = placed.id
    """
    with connections[router.db_for_write(Recipient)].cursor() as cursor:
        cursor.execute(sql)
    return people


def _cut_by_group(campaign: Campaign, rules: audience.Rules) -> int:
    """Cut recipients that are written already: who reads the same in the same zone goes together.

    Where texts are made here, ``payload`` is still each person's own. Raises
    :class:`ComplianceError` where that takes too many requests, or a text is too long.
    """
    groups = _groups(campaign, rules)
    pilot = _pilot(groups)
    sizes = [(size, *key) for key, people in groups for size in _sizes(people, key, groups, pilot)]
    _write_frames(campaign, sizes, pilot=pilot > 0)
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


def _groups(campaign: Campaign, rules: audience.Rules) -> list[Group]:
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
    if audience.keeps_local_hours(campaign):
        return audience.zone_of("address")
    return Value("", output_field=CharField())


def _own_text(rules: audience.Rules) -> Combinable:
    return F("payload") if rules.rendered else Value("", output_field=TextField())


def _places(campaign: Campaign, rules: audience.Rules) -> tuple[str, tuple[Any, ...]]:
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


def _write_frames(
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


def _status(exclusion: str) -> str:
    return RecipientStatus.EXCLUDED if exclusion else RecipientStatus.PENDING
