"""A slice of people into the tables, set-based: a few statements, whatever its size.

The rules, in SQL: the first row of a person gives names, e-mail and details, and later rows of the
same import change none of them (``Contact.last_import`` is the mark); what is empty changes
nothing; a refusal of consent wins, and is never undone.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from django.db import connections, router
from django.utils import timezone

from ..models import Contact, ContactImport, OptOut, OptOutSource
from .people import COLUMNS

STAGED = "octopush_import_slice"
CONTACTS, MEMBERS = Contact._meta.db_table, Contact.lists.through._meta.db_table
OPT_OUTS = OptOut._meta.db_table
EMAIL_CONSENT = COLUMNS.index("email_consent")
DOCUMENTS = ("values", "comparables")
MOMENTS = ("consented_at", "email_consented_at")
ONE_AT_A_TIME = 7_612_443_301
"""Key of PostgreSQL's advisory lock: two slices never wait for each other's contacts."""


@dataclass(frozen=True)
class Stored:
    """What became of the people of a slice."""

    created: int = 0
    updated: int = 0
    repeated: int = 0
    withdrawn: int = 0
    moved: int = 0
    """Contacts who refuse e-mail, and get another address."""
    opted_out: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            *(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True))
        )


def store(rows: Sequence[Sequence[Any]], run: ContactImport) -> Stored:
    """Write people, each of whom stands there once, and put them into the list of ``run``.

    ``rows``: of :data:`~.people.COLUMNS`, and whether a later row withdrew a consent. To be called
    in a transaction.
    """
    connection = connections[router.db_for_write(Contact)]
    sql = _Statements(connection.vendor, run.pk)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    stored = Stored()
    with connection.cursor() as cursor:
        if sql.is_postgres:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        cursor.execute(sql.make_table)
        _stage(connection, cursor, rows)
        if any(number for number, *_others in rows):
            stored += _counted(cursor, sql.count("c.phone_number = t.phone_number"))
            if stored.moved:
                cursor.execute(sql.keep_old_refusals, [now])
                stored += Stored(opted_out=cursor.rowcount)
            cursor.execute(sql.upsert, [now])
            if any(row[EMAIL_CONSENT] == "refused" for row in rows):
                cursor.execute(sql.keep_new_refusals, [f"{run.file_name}: ", now])
                stored += Stored(opted_out=cursor.rowcount)
            cursor.execute(sql.join_list, [run.contact_list_id])
        if not all(number for number, *_others in rows):
            cursor.execute(sql.find_by_email)
            stored += _counted(cursor, sql.count("c.id = t.contact_id"))
            cursor.execute(sql.update_by_email)
            cursor.execute(sql.insert_by_email, [now])
            for statement in sql.refuse_by_email:
                cursor.execute(statement)
            cursor.execute(sql.join_list_by_email, [run.contact_list_id])
        cursor.execute(f"DROP TABLE {STAGED}")
    return stored


def _counted(cursor: Any, sql: str) -> Stored:
    cursor.execute(sql)
    return Stored(*(int(figure or 0) for figure in cursor.fetchone()))


def _stage(connection: Any, cursor: Any, rows: Sequence[Sequence[Any]]) -> None:
    """Put rows into the temporary table: by COPY where the database and its driver have it."""
    names = _named([*COLUMNS, "withdrew"])
    if connection.vendor == "postgresql" and hasattr(cursor.cursor, "copy"):
        with cursor.copy(f"COPY {STAGED} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * (len(COLUMNS) + 1))
    adapt = connection.ops.adapt_datetimefield_value
    adapted = (
        [adapt(cell) if isinstance(cell, datetime) else cell for cell in row] for row in rows
    )
    cursor.executemany(f"INSERT INTO {STAGED} ({names}) VALUES ({marks})", adapted)


def _named(columns: Sequence[str], alias: str = "") -> str:
    return ", ".join(f'{alias}"{name}"' for name in columns)


class _Statements:
    """The statements for one slice, in the dialect of ``vendor``.

    ``c`` is the contact as it is, ``t`` the staged row. Keys stand in them; every text from
    outside is a row of the staged table.
    """

    def __init__(self, vendor: str, run: int) -> None:
        self.is_postgres = vendor == "postgresql"
        self.run = int(run)
        self.met = f"COALESCE(c.last_import_id = {self.run}, FALSE)"
        self.moves = (
            "COALESCE(c.email_consent = 'refused' AND c.email <> '' AND t.email <> ''"
            " AND t.email <> c.email, FALSE)"
        )

    @property
    def make_table(self) -> str:
        kinds = dict.fromkeys(COLUMNS, "text")
        if self.is_postgres:
            kinds |= dict.fromkeys(DOCUMENTS, "jsonb") | dict.fromkeys(MOMENTS, "timestamptz")
        columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
        place = "serial" if self.is_postgres else "INTEGER PRIMARY KEY"
        return (
            f"CREATE TEMPORARY TABLE {STAGED}"
            f" (place {place}, contact_id bigint, withdrew boolean, {columns})"
        )

    def count(self, known: str) -> str:
        """New, changed, met before in this import, and of people met those who withdrew consent.

        ``known``: how a contact is found.
        """
        pairs = self._changes("t").items()
        changes = " OR ".join(self._differs(name, new) for name, new in pairs)
        refuses = " OR ".join(
            f"(t.{name} = 'refused' AND COALESCE(c.{name}, '') <> 'refused')"
            for name in ("consent", "email_consent")
        )
        figures = (
            "c.id IS NULL",
            f"c.id IS NOT NULL AND NOT {self.met} AND ({changes})",
            self.met,
            f"({self.met} OR t.withdrew) AND ({refuses})",
            f"{self.moves} AND NOT {self.met}",
        )
        sums = ", ".join(f"SUM(CASE WHEN {figure} THEN 1 ELSE 0 END)" for figure in figures)
        has_number = "NOT NULL" if "phone_number" in known else "NULL"
        return (
            f"SELECT {sums} FROM {STAGED} AS t LEFT JOIN {CONTACTS} AS c ON {known}"
            f" WHERE t.phone_number IS {has_number}"
        )

    @property
    def upsert(self) -> str:
        """Who has a number: new, or known under it."""
        pairs = ", ".join(f'"{name}" = {new}' for name, new in self._changes("excluded").items())
        return f"""
            {self._insert("t.phone_number IS NOT NULL")}
            ON CONFLICT (phone_number)
            DO UPDATE SET {pairs}, last_import_id = excluded.last_import_id
        """

    @property
    def keep_old_refusals(self) -> str:
        """An address that refused advertising stays refused when its contact gets another."""
        return self._opt_out(
            "c.email, c.email_consent_source", OptOutSource.CONSENT,
            f"{self.moves} AND NOT {self.met}",
        )  # fmt: skip

    @property
    def keep_new_refusals(self) -> str:
        """An address that refuses, and that its contact does not take: an earlier row won."""
        return self._opt_out(
            "t.email, %s || t.email_consent_source", OptOutSource.IMPORT,
            "t.email_consent = 'refused' AND t.email <> '' AND t.email <> c.email",
        )  # fmt: skip

    def _opt_out(self, what: str, source: str, condition: str) -> str:
        return f"""
            INSERT INTO {OPT_OUTS} (address, evidence, family, source, created_at)
            SELECT {what}, 'email', '{source}', %s
            FROM {STAGED} AS t JOIN {CONTACTS} AS c ON c.phone_number = t.phone_number
            WHERE {condition}
            ON CONFLICT DO NOTHING
        """

    @property
    def join_list(self) -> str:
        return self._join_list("c.phone_number = t.phone_number")

    # --- who has no number ---

    @property
    def find_by_email(self) -> str:
        """Of several contacts with an e-mail address, one without a number comes first."""
        return f"""
            UPDATE {STAGED} SET contact_id = (
                SELECT c.id FROM {CONTACTS} AS c
                WHERE c.email = {STAGED}.email AND c.email <> ''
                ORDER BY CASE WHEN c.phone_number IS NULL THEN 0 ELSE 1 END, c.id LIMIT 1
            ) WHERE phone_number IS NULL
        """

    @property
    def update_by_email(self) -> str:
        pairs = ", ".join(f'"{name}" = {new}' for name, new in self._changes("t").items())
        return f"""
            UPDATE {CONTACTS} AS c SET {pairs}, last_import_id = {self.run}
            FROM {STAGED} AS t WHERE c.id = t.contact_id AND t.phone_number IS NULL
        """

    @property
    def insert_by_email(self) -> str:
        return self._insert("t.phone_number IS NULL AND t.contact_id IS NULL")

    @property
    def refuse_by_email(self) -> list[str]:
        """A refusal that names an address alone is that of every contact with the address."""
        return [
            f"""
                UPDATE {CONTACTS} AS c SET {prefix}consent = 'refused',
                    {prefix}consented_at = t.{prefix}consented_at,
                    {prefix}consent_source = t.{prefix}consent_source
                FROM {STAGED} AS t
                WHERE t.phone_number IS NULL AND t.{prefix}consent = 'refused'
                      AND c.email = t.email AND c.email <> ''
                      AND c.{prefix}consent <> 'refused'
            """
            for prefix in ("", "email_")
        ]

    @property
    def join_list_by_email(self) -> str:
        new = (
            "t.contact_id IS NULL AND t.phone_number IS NULL"
            " AND c.email = t.email AND c.email <> '' AND c.phone_number IS NULL"
        )
        return self._join_list("c.id = t.contact_id", new)

    # --- parts ---

    def _insert(self, condition: str) -> str:
        return f"""
            INSERT INTO {CONTACTS} AS c ({_named(COLUMNS)}, last_import_id, created_at)
            SELECT {_named(COLUMNS, "t.")}, {self.run}, %s FROM {STAGED} AS t
            WHERE {condition} ORDER BY t.place
        """

    def _join_list(self, *conditions: str) -> str:
        found = " UNION ALL ".join(
            f"SELECT c.id FROM {STAGED} AS t JOIN {CONTACTS} AS c ON {condition}"
            for condition in conditions
        )
        return (
            f"INSERT INTO {MEMBERS} (contact_id, contactlist_id)"
            f" SELECT found.id, %s FROM ({found}) AS found WHERE TRUE"
            " ON CONFLICT (contact_id, contactlist_id) DO NOTHING"
        )

    def _changes(self, new: str) -> dict[str, str]:
        """Column -> its value afterwards; ``new``: the alias of the row that came in."""
        return {
            **{name: self._text(new, name) for name in ("email", "first_name", "last_name")},
            **{name: self._document(new, name) for name in DOCUMENTS},
            **self._consent(new, ""),
            **self._consent(new, "email_"),
        }

    def _text(self, new: str, name: str) -> str:
        return f"CASE WHEN {self.met} OR {new}.{name} = '' THEN c.{name} ELSE {new}.{name} END"

    def _document(self, new: str, name: str) -> str:
        both = f'c."{name}" || {new}."{name}"'
        if not self.is_postgres:
            both = f'json_patch(c."{name}", {new}."{name}")'
        return f"CASE WHEN {self.met} THEN {self._stored(name)} ELSE {both} END"

    def _consent(self, new: str, prefix: str) -> dict[str, str]:
        """Consent with its date and source: of the row that decides, or that is newer evidence."""
        status, at = f"{prefix}consent", f"{prefix}consented_at"
        source = f"{prefix}consent_source"
        decides = (
            f"{new}.{status} <> 'unknown' AND c.{status} <> 'refused'"
            f" AND ({new}.{status} = 'refused' OR NOT {self.met})"
        )
        replaces = f"{decides} AND c.{status} <> {new}.{status}"
        is_newer = (
            f"{decides} AND {new}.{at} IS NOT NULL AND (c.{at} IS NULL OR {new}.{at} > c.{at})"
        )
        taken = f"({replaces}) OR ({is_newer})"
        names = f"({decides} AND c.{source} = '')"
        return {
            status: f"CASE WHEN {replaces} THEN {new}.{status} ELSE c.{status} END",
            at: f"CASE WHEN {taken} THEN {new}.{at} ELSE c.{at} END",
            source: f"CASE WHEN {taken} OR {names} THEN {new}.{source} ELSE c.{source} END",
        }

    def _stored(self, name: str) -> str:
        """What a contact has, written as the database would write it."""
        is_document = name in DOCUMENTS and not self.is_postgres
        return f'json(c."{name}")' if is_document else f'c."{name}"'

    def _differs(self, name: str, new: str) -> str:
        other = "IS DISTINCT FROM" if self.is_postgres else "IS NOT"
        return f"({new} {other} {self._stored(name)})"
