"""Freeze an audience: recipients with the text sent for each, cut into frames.

Set-based where the people are ours: one INSERT … SELECT, whatever the size of the lists. What was
looked at is what is sent; nobody is read again while sending but those who opted out.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext as _

from ..conf import conf
from ..exceptions import NotAllowedNow
from ..models import Campaign, Contact, Frame, Recipient, RecipientStatus
from ..models.bulk import update_each
from . import cutting, judging
from .given import Person

SLACK = 2
"""Frames by whose people the lists may grow while they are judged."""
CUTTING_TRIES = 3
"""For an audience that grows while it is being cut."""


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
    ``people`` are streamed after them, and lose against them where the number is the same.
    """
    rules = judging.Rules.of(campaign)
    judged = None if contacts is None else judging.judge_contacts(contacts, rules)
    streamed = _freeze_people(campaign, people, rules, judged)
    if contacts is not None and judged is not None and not streamed:
        if not cutting.needs_groups(campaign, rules, contacts):
            return _freeze_contacts(campaign, contacts, judged, rules)
        _insert_contacts(campaign, judged, rules)
    return cutting.cut_recipients(campaign, rules)


def _freeze_people(
    campaign: Campaign,
    people: Iterable[Person],
    rules: judging.Rules,
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

    def everybody() -> Iterable[Person]:
        yield first
        yield from stream

    for chunk in judging.judge_people(everybody(), rules, taken):
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
    rules: judging.Rules,
) -> int:
    """Write frames for as many as there could be, the recipients into them, and trim the frames.

    So everybody is judged once. Others may add to the lists meanwhile: then once more.
    """
    recipients = Recipient.objects.filter(campaign=campaign)
    for _try in range(CUTTING_TRIES):
        # With a pilot there may be one frame more.
        most = -(-contacts.order_by().count() // conf.frame_size) + 1 + SLACK
        frames = cutting.write_frames(campaign, [(1, "", "")] * most)
        _insert_contacts(campaign, judged, rules)
        found = recipients.included().aggregate(people=Count("pk"), placed=Count("frame_id"))
        if found["people"] == found["placed"]:
            _trim(campaign, frames, found["people"])
            return int(found["people"])
        recipients.delete()
        campaign.frames.all().delete()
    raise AudienceMoved


def _trim(campaign: Campaign, frames: Sequence[Frame], people: int) -> None:
    """Tell each frame how many are in it, and drop those that nobody is in."""
    made = cutting.cut(people, conf.frame_size, conf.pilot_size)
    for frame, size in zip(frames, made.sizes, strict=False):
        frame.contacts = size
        frame.next_action_at = None if made.pilot and frame.number > 1 else frame.next_action_at
    update_each(frames[: len(made.sizes)], ["contacts", "next_action_at"])
    campaign.frames.filter(number__gt=len(made.sizes)).delete()


def _insert_contacts(
    campaign: Campaign, judged: "QuerySet[Contact]", rules: judging.Rules
) -> None:
    """Judge and write everybody by one statement, into the frames if there are any."""
    using = router.db_for_write(Recipient)
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
             cut AS (SELECT judged.*,
                            ROW_NUMBER() OVER (PARTITION BY exclusion = '' ORDER BY id) AS place
                     FROM judged)
        SELECT {campaign.pk:d}, cut.id, cut.address, cut.payload, cut.exclusion, frame.id,
               CASE WHEN cut.exclusion = '' THEN '{RecipientStatus.PENDING.value}'
                    ELSE '{RecipientStatus.EXCLUDED.value}' END, ''
        FROM cut CROSS JOIN total LEFT JOIN {Frame._meta.db_table} AS frame
             ON frame.campaign_id = {campaign.pk:d} AND cut.exclusion = ''
                AND frame.number = {cutting.number_in_sql()}
        ORDER BY cut.id
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


def _status(exclusion: str) -> str:
    return RecipientStatus.EXCLUDED if exclusion else RecipientStatus.PENDING
