"""The last look at the people of a frame: who must not get it any more, although it was approved.

A repeat may reach people who have the message already: there only refusals and people who are gone
are left out. Lists do not count any more.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from django.db import connections, router
from django.db.models import Value

from ..conf import conf
from ..models import (
    Campaign,
    Consent,
    Contact,
    Exclusion,
    Frame,
    FrameStatus,
    OptOut,
    Reading,
    Recipient,
    RecipientStatus,
    Reply,
)
from ..rules.addresses import CONSENTS, FIELDS

ON_A_REPEAT = frozenset(
    {Exclusion.GONE, Exclusion.OPTED_OUT, Exclusion.HELD_BACK, Exclusion.CONSENT_REFUSED}
)
"""Reasons that count although the people of a frame may have the message already."""

CONTACTS, OPT_OUTS = Contact._meta.db_table, OptOut._meta.db_table
MEMBERS, REPLIES = Contact.lists.through._meta.db_table, Reply._meta.db_table
RECIPIENTS = Recipient._meta.db_table


def drop_people(frames: Sequence[Frame], now: datetime) -> Mapping[int, list[str]]:
    """Leave out who must not get ``frames`` any more; return their addresses by frame."""
    dropped: dict[int, list[str]] = defaultdict(list)
    for (_campaign, is_repeat), alike in groupby(sorted(frames, key=_likeness), key=_likeness):
        for frame_id, address in _drop(list(alike), is_repeat, now):
            dropped[frame_id].append(address)
    return dropped


def _likeness(frame: Frame) -> tuple[int, bool]:
    """Frames of which the same reasons count: of one campaign, all first calls or all repeats."""
    return frame.campaign_id, frame.ambiguous or frame.status == FrameStatus.UNCERTAIN


def _drop(frames: Sequence[Frame], is_repeat: bool, now: datetime) -> list[tuple[int, str]]:
    """Judge and leave out by one statement; return frame and address of whoever is left out.

    Written as SQL: Django took as long to build the statement as the database to run it
    (``benchmarks/bench_dispatch.py``). Keys and codes stand in it, never a text from outside.
    """
    whens = " ".join(
        f"WHEN {condition} THEN '{code.value}'"
        for code, condition in _reasons(frames[0].campaign)
        if not is_repeat or code in ON_A_REPEAT
    )
    sql = f"""
        WITH judged(id, reason) AS (
            SELECT r.id, CASE {whens} ELSE '' END
            FROM {RECIPIENTS} AS r LEFT JOIN {CONTACTS} AS c ON c.id = r.contact_id
            WHERE r.frame_id IN ({_keys(frame.pk for frame in frames)}) AND r.exclusion = ''
        )
        UPDATE {RECIPIENTS} SET exclusion = judged.reason, status = %s, status_at = %s
        FROM judged WHERE {RECIPIENTS}.id = judged.id AND judged.reason <> ''
        RETURNING {RECIPIENTS}.frame_id, {RECIPIENTS}.address
    """
    connection = connections[router.db_for_write(Recipient)]
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(sql, [RecipientStatus.EXCLUDED.value, moment])
        return [(frame_id, address) for frame_id, address in cursor.fetchall()]


def _reasons(campaign: Campaign) -> Iterator[tuple[Exclusion, str]]:
    """What may have happened since the campaign was approved, in the documented order, as SQL.

    ``r`` is the recipient, ``c`` the contact by which they came. Who came by a contact is looked
    up by its key, which is fast, and is gone where the contact has another number by now; who came
    by a number, or shares an e-mail address, by address.
    """
    family = campaign.traits.family
    came_by_contact = "r.contact_id IS NOT NULL"
    by_address = "TRUE" if family == "email" else "r.contact_id IS NULL"
    same = f"SELECT 1 FROM {CONTACTS} AS s WHERE s.{FIELDS[family]} = r.address"
    include, exclude = _lists_of(campaign)
    own_address = f"c.{FIELDS[family]} = r.address"
    stays = f"EXISTS ({same})" if family == "email" else f"COALESCE({own_address}, FALSE)"
    yield Exclusion.GONE, f"{came_by_contact} AND NOT {stays}"
    if campaign.from_lists_alone:
        member = _is_member("r.contact_id", include)
        if family == "email":
            member = f"EXISTS ({same} AND {_is_member('s.id', include)})"
        yield Exclusion.LEFT_LISTS, f"{came_by_contact} AND NOT {member}"
    if exclude:
        same_listed = f"EXISTS ({same} AND {_is_member('s.id', exclude)})"
        listed = _is_member("r.contact_id", exclude)
        yield Exclusion.EXCLUDED_LIST, f"({listed} OR ({by_address} AND {same_listed}))"
    if not campaign.is_marketing:
        return
    yield (
        Exclusion.OPTED_OUT,
        (
            f"EXISTS (SELECT 1 FROM {OPT_OUTS} AS o"
            f" WHERE o.address = r.address AND o.family = '{family}')"
        ),
    )
    yield (
        Exclusion.HELD_BACK,
        (
            f"EXISTS (SELECT 1 FROM {REPLIES} AS p WHERE p.address = r.address"
            f" AND p.reading = '{Reading.DOUBTFUL.value}' AND p.handled_at IS NULL)"
        ),
    )
    agreed = f"{CONSENTS[family]} = '{Consent.GIVEN.value}'"
    refused = f"{CONSENTS[family]} = '{Consent.REFUSED.value}'"
    yield Exclusion.CONSENT_REFUSED, _consents(refused, by_address, same)
    if conf.require_consent:
        yield Exclusion.CONSENT_UNKNOWN, f"NOT {_consents(agreed, by_address, same)}"


def _consents(condition: str, by_address: str, same: str) -> str:
    """SQL: whether ``condition`` is true of the contact, or of another of the address."""
    other = f"EXISTS ({same} AND s.{condition})"
    return f"(COALESCE(c.{condition}, FALSE) OR ({by_address} AND {other}))"


def _is_member(contact: str, lists: Sequence[int]) -> str:
    """SQL: whether a contact is in one of some lists."""
    if not lists:
        return "FALSE"
    return (
        f"EXISTS (SELECT 1 FROM {MEMBERS} AS m"
        f" WHERE m.contact_id = {contact} AND m.contactlist_id IN ({_keys(lists)}))"
    )


def _keys(keys: Iterable[int]) -> str:
    return ", ".join(str(int(key)) for key in keys)


def _lists_of(campaign: Campaign) -> tuple[list[int], list[int]]:
    """The lists that a campaign goes to, and those that it leaves out: by one query."""
    include = Campaign.include.through.objects.filter(campaign=campaign)
    exclude = Campaign.exclude.through.objects.filter(campaign=campaign)
    chosen = include.values_list("contactlist_id", Value(True))
    rows = list(chosen.union(exclude.values_list("contactlist_id", Value(False)), all=True))
    return [pk for pk, goes in rows if goes], [pk for pk, goes in rows if not goes]
