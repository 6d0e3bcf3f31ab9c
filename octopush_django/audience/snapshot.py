"""Freeze an audience: recipients with what is sent for each, cut into frames.

Set-based where the people are ours: one INSERT … SELECT, whatever the size of the lists. What was
looked at is what is sent; nobody is read again while sending but those who opted out.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import CharField, Count, F, QuerySet, TextField, Value, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from ..conf import conf
from ..exceptions import ComplianceError, NotAllowedNow
from ..models import Campaign, Contact, Exclusion, Frame, Priority, Recipient, RecipientStatus
from ..models.bulk import insert_new, update_each
from ..models.sending import request_id_of
from ..rules import compliance
from . import judging, routes
from .frame_sizes import TextGroup, Texts, frame_sizes
from .given import Person

SLACK = 2
"""Frames by whose people the lists may grow while they are judged."""
FREEZING_TRIES = 3
"""For an audience that grows while it is being frozen."""


class AudienceMoved(NotAllowedNow):
    """The lists grew between counting and freezing, several times in a row."""

    def __init__(self) -> None:
        super().__init__(
            _("The lists keep growing while the campaign is being prepared. Nothing was sent: "
              "try again once they are filled.")
        )  # fmt: skip


def freeze(
    campaign: Campaign,
    contacts: "QuerySet[Contact] | None" = None,
    people: Iterable[Person] = (),
) -> int:
    """Write the recipients and frames of ``campaign``; return how many will receive it.

    To be called inside the transaction that won the launch. ``contacts`` are judged in SQL,
    ``people`` are streamed after them, and lose against them where the number is the same. Raises
    :class:`ComplianceError` where texts made here take too many requests, or one is too long.
    """
    rules = judging.Rules.of(campaign)
    stream = iter(people)
    first = next(stream, None)
    if first is None and contacts is not None and not _needs_groups(campaign, rules, contacts):
        return _freeze_contacts(campaign, contacts, rules)
    if contacts is not None:
        _insert_contacts(campaign, contacts, rules)
    if first is not None:
        _insert_people(campaign, chain([first], stream), rules)
    if _needs_groups(campaign, rules):
        return _cut_by_group(campaign, rules)
    return _cut_evenly(campaign)


# --- writing recipients --------------------------------------------------------------------------


def _insert_people(campaign: Campaign, people: Iterable[Person], rules: judging.Rules) -> None:
    """Judge and write streamed people, a chunk at a time.

    Who is written already is told by the unique constraint: to ask for them would read everybody
    again for each chunk.
    """
    for chunk in judging.judge_people(people, rules, taken=lambda _addresses: set()):
        written = _write(campaign, chunk)
        twice = [
            replace(person, exclusion=Exclusion.DUPLICATE.value, payload="")
            for person in chunk
            if not person.exclusion and (person.address, "") not in written
        ]
        _write(campaign, twice)


def _write(campaign: Campaign, people: Sequence[judging.Judged]) -> set[tuple[Any, ...]]:
    """Write people, but who would receive it twice; return (address, exclusion) of the others."""
    names = (
        "campaign_id",
        "contact_id",
        "address",
        "payload",
        "exclusion",
        "status",
        "status_raw",
    )
    states = {True: RecipientStatus.EXCLUDED.value, False: RecipientStatus.PENDING.value}
    rows = [
        (campaign.pk, person.contact_id, person.address, person.payload,
         str(person.exclusion), states[bool(person.exclusion)], "")
        for person in people
    ]  # fmt: skip
    once = "(campaign_id, address) WHERE exclusion = ''"
    return set(insert_new(Recipient, names, rows, unique=once, returning=("address", "exclusion")))


def _insert_contacts(
    campaign: Campaign, contacts: "QuerySet[Contact]", rules: judging.Rules
) -> None:
    """Judge and write everybody by one statement, into the frames if there are any."""
    using = router.db_for_write(Recipient)
    judged = judging.judge_contacts(contacts, rules)
    rows = judged.annotate(payload=judging.payload_in_sql(rules), address=F(rules.field))
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
             placed AS (SELECT judged.*,
                               ROW_NUMBER() OVER (PARTITION BY exclusion = '' ORDER BY id) AS place
                        FROM judged)
        SELECT {campaign.pk:d}, placed.id, placed.address, placed.payload, placed.exclusion,
               frame.id,
               CASE WHEN placed.exclusion = '' THEN '{RecipientStatus.PENDING.value}'
                    ELSE '{RecipientStatus.EXCLUDED.value}' END, ''
        FROM placed CROSS JOIN total LEFT JOIN {Frame._meta.db_table} AS frame
             ON frame.campaign_id = {campaign.pk:d} AND placed.exclusion = ''
                AND frame.number = {_frame_number("placed.place", "total.people")}
        ORDER BY placed.id
    """
    with connections[using].cursor() as cursor, _room_to_sort(cursor):
        cursor.execute(sql, select_params)


@contextmanager
def _room_to_sort(cursor: Any) -> Iterator[None]:
    """With PostgreSQL's usual 4 MB the sorts of a million rows go to disk."""
    if cursor.db.vendor != "postgresql":
        yield
        return
    cursor.execute("SHOW work_mem")
    [before] = cursor.fetchone()
    cursor.execute("SET LOCAL work_mem = '160MB'")
    yield
    # The transaction may be a caller's, who goes on with it.
    cursor.execute("SELECT set_config('work_mem', %s, true)", [before])


# --- even frames ---------------------------------------------------------------------------------


def _freeze_contacts(
    campaign: Campaign, contacts: "QuerySet[Contact]", rules: judging.Rules
) -> int:
    """Write frames for as many as there could be, the recipients into them, and trim the frames.

    So everybody is judged once. Others may add to the lists meanwhile: then once more.
    """
    for _try in range(FREEZING_TRIES):
        # With a pilot there may be one frame more.
        most = -(-contacts.order_by().count() // conf.frame_size) + 1 + SLACK
        frames = _write_frames(campaign, [(1, "", "")] * most)
        _insert_contacts(campaign, contacts, rules)
        found = _included(campaign).aggregate(people=Count("pk"), placed=Count("frame_id"))
        if found["people"] == found["placed"]:
            _trim(campaign, frames, found["people"])
            return int(found["people"])
        campaign.recipients.all().delete()
        campaign.frames.all().delete()
    raise AudienceMoved


def _trim(campaign: Campaign, frames: Sequence[Frame], people: int) -> None:
    """Write down the size of each frame, and drop the frames that nobody is in."""
    sizes = frame_sizes(people, conf.frame_size, conf.pilot_size)
    for frame, size in zip(frames, sizes, strict=False):
        frame.size = size
        _mark_pilot(frame, has_pilot=sizes.pilot > 0)
        frame.priority = _priority(campaign, len(sizes))
    update_each(frames[: len(sizes)], ["size", "is_pilot", "waits_for_pilot", "priority"])
    campaign.frames.filter(number__gt=len(sizes)).delete()


def _cut_evenly(campaign: Campaign) -> int:
    """Put recipients that are written already into even frames."""
    people = _included(campaign).count()
    sizes = frame_sizes(people, conf.frame_size, conf.pilot_size)
    _write_frames(campaign, [(size, "", "") for size in sizes], has_pilot=sizes.pilot > 0)
    table = Recipient._meta.db_table
    # A subquery, not a join: without statistics PostgreSQL would try every frame for each row.
    sql = f"""
        UPDATE {table} SET frame_id =
            (SELECT frame.id FROM {Frame._meta.db_table} AS frame
             WHERE frame.campaign_id = {campaign.pk:d}
                   AND frame.number = {_frame_number("placed.place", str(people))})
        FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM {table}
              WHERE campaign_id = {campaign.pk:d} AND exclusion = '') AS placed
        WHERE {table}.id = placed.id
    """
    with connections[router.db_for_write(Recipient)].cursor() as cursor:
        cursor.execute(sql)
    return people


def _frame_number(place: str, people: str) -> str:
    """SQL of the frame of the row at ``place`` (from 1) of ``people``: as ``frame_sizes`` cuts."""
    largest, pilot = int(conf.frame_size), int(conf.pilot_size)
    even = _even_part(place, people, largest)
    if not 0 < pilot < largest:
        return f"1 + {even}"
    behind = _even_part(f"({place} - {pilot})", f"({people} - {pilot})", largest)
    return (
        f"CASE WHEN {people} <= {2 * largest} THEN 1 + {even}"
        f" WHEN {place} <= {pilot} THEN 1 ELSE 2 + {behind} END"
    )


def _even_part(place: str, people: str, largest: int) -> str:
    parts = f"(({people} + {largest - 1}) / {largest})"
    return f"({place} * {parts} - 1) / NULLIF({people}, 0)"


# --- frames by text and zone ---------------------------------------------------------------------


def _needs_groups(
    campaign: Campaign, rules: judging.Rules, contacts: "QuerySet[Contact] | None" = None
) -> bool:
    """Whether not everybody can go together: texts of their own, or hours of their own.

    Of ``contacts``, or of the recipients that are written already.
    """
    if rules.rendered:
        return True
    if not routes.keeps_local_hours(campaign):
        return False
    if contacts is not None:
        return contacts.filter(routes.overseas("phone_number")).exists()
    return _included(campaign).filter(routes.overseas("address")).exists()


def _cut_by_group(campaign: Campaign, rules: judging.Rules) -> int:
    """Put recipients that are written already together with those who read and live alike.

    Where texts are made here, ``payload`` is still each person's own text.
    """
    groups = _text_groups(campaign, rules)
    pilot = _pilot_size(groups)
    frames = [
        (size, group.text, group.time_zone)
        for group in groups
        for size in _sizes_of(group, pilot if group is groups[0] else 0)
    ]
    _write_frames(campaign, frames, has_pilot=pilot > 0)
    table, frame_table = Recipient._meta.db_table, Frame._meta.db_table
    placed, params = _places(campaign, rules)
    # A canonical address holds nothing that JSON would escape.
    payload = f"""'{{"{rules.field}": "' || {table}.address || '"}}'"""
    sql = f"""
        WITH placed(id, zone, own_text, place) AS ({placed})
        UPDATE {table} SET frame_id = framed.frame_id,
               payload = {payload if rules.rendered else f"{table}.payload"}
        FROM (SELECT placed.id, frame.id AS frame_id
              FROM placed
              LEFT JOIN (SELECT text, time_zone, MIN(number) AS first, COUNT(*) AS parts,
                                SUM(size) AS people
                         FROM {frame_table} WHERE campaign_id = {campaign.pk:d} AND number > %s
                         GROUP BY text, time_zone) AS part
                   ON part.text = placed.own_text AND part.time_zone = placed.zone
              JOIN {frame_table} AS frame
                ON frame.campaign_id = {campaign.pk:d} AND frame.number =
                   CASE WHEN placed.own_text = %s AND placed.zone = %s AND placed.place <= %s
                        THEN 1
                        WHEN placed.own_text = %s AND placed.zone = %s
                        THEN part.first + ((placed.place - %s) * part.parts - 1) / part.people
                        ELSE part.first + (placed.place * part.parts - 1) / part.people END
             ) AS framed
        WHERE {table}.id = framed.id
    """
    first = (groups[0].text, groups[0].time_zone) if groups else ("", "")
    behind = [1 if pilot else 0, *first, pilot, *first, pilot]
    with connections[router.db_for_write(Recipient)].cursor() as cursor:
        cursor.execute(sql, [*params, *behind])
    return sum(group.people for group in groups)


def _text_groups(campaign: Campaign, rules: judging.Rules) -> list[TextGroup]:
    """Who goes together; those of the zone of the settings first."""
    texts = Texts(conf.frame_size)
    keyed: QuerySet[Any] = _keyed(campaign, rules)
    grouped = keyed.values_list("own_text", "zone").annotate(people=Count("pk"))
    for text, zone, people in grouped.iterator(chunk_size=2000):
        texts.add(text, zone, people)
    findings = compliance.check_texts(texts.requests, texts.longest)
    if findings:
        raise ComplianceError(findings)
    return sorted(texts, key=lambda group: (group.time_zone, -group.people))


def _keyed(campaign: Campaign, rules: judging.Rules) -> "QuerySet[Recipient]":
    """Recipients with their ``zone``, and with their ``own_text`` where texts are made here."""
    zone: Combinable = Value("", output_field=CharField())
    if routes.keeps_local_hours(campaign):
        zone = routes.zone_of("address")
    text: Combinable = F("payload") if rules.rendered else Value("", output_field=TextField())
    return _included(campaign).annotate(zone=zone, own_text=text)


def _places(campaign: Campaign, rules: judging.Rules) -> tuple[str, tuple[Any, ...]]:
    """SQL of the group of each recipient, and the place in it."""
    window = Window(RowNumber(), partition_by=[F("own_text"), F("zone")], order_by="pk")
    rows = _keyed(campaign, rules).annotate(place=window)
    query = rows.values_list("pk", "zone", "own_text", "place").query
    sql, params = query.get_compiler(router.db_for_write(Recipient)).as_sql()
    return sql, params


def _pilot_size(groups: Sequence[TextGroup]) -> int:
    """People of a first, small frame; 0 for none."""
    frames = sum(len(_sizes_of(group)) for group in groups)
    if frames <= 2 or not 0 < conf.pilot_size < conf.frame_size:
        return 0
    return min(conf.pilot_size, groups[0].people)


def _sizes_of(group: TextGroup, pilot: int = 0) -> list[int]:
    """People per frame of a group, of whom ``pilot`` go first."""
    even = list(frame_sizes(group.people - pilot, conf.frame_size))
    return [pilot, *even] if pilot else even


# --- frames --------------------------------------------------------------------------------------


def _write_frames(
    campaign: Campaign, frames: Sequence[tuple[int, str, str]], *, has_pilot: bool = False
) -> list[Frame]:
    """One row for each (size, text, time zone), with its ``request_id``."""
    rows = [
        Frame(
            campaign=campaign,
            number=number,
            request_id=request_id_of(campaign.uuid, number, 1),
            size=size,
            text=text,
            time_zone=zone,
            turn=number,
        )
        for number, (size, text, zone) in enumerate(frames, 1)
    ]
    for frame in rows:
        _mark_pilot(frame, has_pilot)
        frame.priority = _priority(campaign, len(rows))
    return Frame.objects.bulk_create(rows)


def _mark_pilot(frame: Frame, has_pilot: bool) -> None:
    """The first frame is the pilot, if there is one; the others wait for it."""
    frame.is_pilot = has_pilot and frame.number == 1
    frame.waits_for_pilot = has_pilot and not frame.is_pilot


def _priority(campaign: Campaign, frames: int) -> Priority:
    if campaign.is_marketing:
        return Priority.MARKETING
    return Priority.MESSAGE if frames == 1 else Priority.TRANSACTIONAL


def _included(campaign: Campaign) -> "QuerySet[Recipient]":
    """Recipients of ``campaign`` who receive it, as far as they are written."""
    return Recipient.objects.filter(campaign=campaign).included().order_by()
