"""Which column of a file is what: guessed from titles and cells, and asked where that is not sure.

No column is dropped in silence: what nobody knows becomes a field of the site's own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ...rules.words import words
from . import permission, sentences
from .cells import Cells
from .consent import read_consent, read_refusal
from .decisions import apply_decisions
from .drafts import Draft, of_field
from .fields import CONSENTS, FIELDS, NAMES, REACH, key_of, slug
from .origin import find_origin
from .reach import NUMBER_CHOICES, find_reach
from .titles import Title

_CONSENT_CODES = {"title", "cells", "dates", "channel", "two", "both"}
_REACH_CODES = {"number", "no_titles"}
_COUNTRY_CODES = {"country", "countries", "area"}
_EXAMPLES = 3
_HALF = 0.5


@dataclass(frozen=True)
class Column:
    """A column of a file. ``index`` counts from 0; ``title`` is the text that stands above it.

    ``field``: what it is, a name of :data:`~.fields.FIELDS` or the key of a field of the site's
    own. A column that is still asked about has a key too. ``reason``: why, in words for people.
    ``rank``: the order among several columns of the field, the least first.
    """

    index: int
    title: str
    field: str
    reason: str
    rank: tuple[float, ...] = ()


@dataclass(frozen=True)
class Question:
    """What a person must say before the file can be imported.

    ``code``: "consent", "number", "country", "two_columns", "no_titles" (the first line is a
    person), or "nothing_to_reach", which is about no single column (``index`` -1). ``choices``:
    fields that would answer.
    """

    index: int
    title: str
    code: str
    message: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """What the columns of a file are. While there is a question, nothing may be imported.

    ``has_titles``: False where the first line is a person.
    """

    columns: tuple[Column, ...]
    questions: tuple[Question, ...]
    has_titles: bool = True

    def of(self, field: str) -> tuple[int, ...]:
        """The indexes of the columns of ``field``, in order of preference."""
        found = [column for column in self.columns if column.field == field]
        return tuple(c.index for c in sorted(found, key=lambda c: (c.rank, c.index)))


def understand(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    *,
    said: Mapping[str | int, str] = {},
    region: str = "FR",
    known: Mapping[str, str] = {},
) -> Columns:
    """What the columns of a file are: all that have a title or cells, in their order.

    ``sample``: the first rows of cells. ``said``: what a person decided, the title of a column (or
    its index from 0, or "column_7" for the seventh) -> a field; that wins over every guess. An
    index that is no text never means a title.
    ``region``: the country (ISO 3166-1 alpha-2) that national numbers are read in. ``known``: keys
    -> labels of the site's own fields; a column with that name goes there.

    Raises :class:`~.decisions.UnknownColumn` and :class:`~.decisions.UnknownField`, for ``said``.
    """
    known = {key: label for key, label in known.items() if key not in FIELDS}
    drafts = _drafts(header, sample, region)
    apply_decisions(drafts, said, known)
    find_reach(drafts)
    find_origin(drafts)
    _find_consents(drafts, known)
    _find_names(drafts)
    _ask_about_doubles(drafts)
    has_titles = not _ask_about_titles(drafts, region)
    return _result(drafts, known, has_titles)


def _drafts(header: Sequence[str], sample: Sequence[Sequence[str]], region: str) -> list[Draft]:
    """The columns that have a title or cells; rows may be shorter or longer than the header."""
    columns = zip_longest(header, *sample, fillvalue="")
    drafts = [
        Draft(index, Title(title), rows, Cells(rows, region))
        for index, (title, *rows) in enumerate(columns)
    ]
    return [
        draft for draft in drafts if draft.title.text.strip() or any(map(str.strip, draft.rows))
    ]


def _find_consents(drafts: Sequence[Draft], known: Mapping[str, str]) -> None:
    """Settle what is about consent, or ask: a column that smells of it is never just kept."""
    file = permission.facts(
        [draft.title for draft in drafts if draft.field not in REACH],
        has_numbers=bool(of_field(drafts, "phone_number")),
        has_emails=bool(of_field(drafts, "email")),
    )
    for draft in drafts:
        verdict = permission.judge(draft.title, draft.cells, file) if draft.is_open else None
        if verdict and verdict.field:
            draft.settle(verdict.field, "title" if draft.title.tone else "cells")
        elif verdict and verdict.unclear and not _is_decided_before(draft, known):
            draft.ask(verdict.unclear, _choices(draft, verdict.unclear))
        elif verdict and not verdict.unclear:
            draft.keep("not_ours")


def _choices(draft: Draft, unclear: str) -> tuple[str, ...]:
    """The fields that would answer: those of dates or sources, where the column holds such."""
    if draft.title.has("source"):
        return permission.SOURCE_CHOICES
    if unclear == "dates":
        return (*permission.DATE_CHOICES[:-1], *permission.CHOICES)
    return permission.DATE_CHOICES if draft.cells.dates >= _HALF else permission.CHOICES


def _is_decided_before(draft: Draft, known: Mapping[str, str]) -> bool:
    """Whether the site has a field of this name, and the cells give no yes or no to lose."""
    is_harmless = not draft.cells.are_yes_or_no and not draft.cells.tells_consent
    return bool(draft.cells) and is_harmless and bool(_known_key(draft, known))


def _find_names(drafts: Sequence[Draft]) -> None:
    """Settle first and last name; a bare "Name" beside a first name is the last."""
    for field in NAMES:
        _settle_name(drafts, field, _named(drafts, field))
    if of_field(drafts, "first_name") and not of_field(drafts, "last_name"):
        _settle_name(drafts, "last_name", _named(drafts, "name"))


def _named(drafts: Sequence[Draft], name_field: str) -> list[Draft]:
    """The open columns with that sort of name in title and cells, the plainest title first."""
    found = [draft for draft in drafts if draft.is_open and draft.title.name_field == name_field]
    found = [draft for draft in found if _may_be_names(draft.cells)]
    return sorted(found, key=lambda draft: (bool(draft.title.place), len(draft.title.words)))


def _may_be_names(cells: Cells) -> bool:
    return max(cells.figures, cells.dates, cells.emails) < _HALF


def _settle_name(drafts: Sequence[Draft], field: str, found: Sequence[Draft]) -> None:
    """Use what a person said, or else the first of ``found`` and those of the same title."""
    used = [*of_field(drafts, field), *found][:1]
    for draft in found:
        if _spelling(draft) == _spelling(used[0]):
            draft.settle(field, "title")
        else:
            draft.keep("second")


def _ask_about_doubles(drafts: Sequence[Draft]) -> None:
    """Two columns of one title: both are used where people have several, else it is asked."""
    first: dict[tuple[str, ...], Draft] = {}
    for draft in drafts:
        if draft.field not in (*NAMES, *CONSENTS) or draft.reason == "said":
            continue
        before = first.setdefault((draft.field, *_spelling(draft)), draft)
        if before is draft:
            continue
        if not draft.cells or not before.cells or list(draft.rows) == list(before.rows):
            draft.rank = (not draft.cells,)
            before.rank = (not before.cells,)
        else:
            draft.ask("two_columns", (draft.field, "ignore"))


def _ask_about_titles(drafts: Sequence[Draft], region: str) -> list[Draft]:
    """The titles that are a number or an address: a person's, so the file has no line of titles.

    Asks what the first of them is, unless somebody has said it of one.
    """
    found = [draft for draft in drafts if _is_of_a_person(draft, region)]
    if found and not any(draft.reason == "said" for draft in found):
        is_email = Cells([found[0].title.text], region).emails
        found[0].ask("no_titles", ("email" if is_email else "phone_number",))
    return found


def _is_of_a_person(draft: Draft, region: str) -> bool:
    title = Cells([draft.title.text], region)
    is_bare_number = draft.field == "phone_number" and title.mobiles
    return bool(title.spelled_numbers or title.emails or is_bare_number)


def _spelling(draft: Draft) -> tuple[str, ...]:
    return words(draft.title.text)


# --- what comes out ---------------------------------------------------------------------------


def _result(drafts: Sequence[Draft], known: Mapping[str, str], has_titles: bool) -> Columns:
    reasons = sentences.reasons()
    taken = {draft.field for draft in drafts if draft.field}
    columns = []
    for draft in drafts:
        if not draft.field:
            _keep(draft, known, taken)
        columns.append(
            Column(draft.index, draft.title.text, draft.field, reasons[draft.reason], draft.rank)
        )
    questions = [_question(draft) for draft in drafts if draft.asks]
    is_reachable = any(draft.field in REACH for draft in drafts)
    if not is_reachable and not any(question.code in _REACH_CODES for question in questions):
        questions.append(_nothing_to_reach(drafts))
    return Columns(tuple(columns), tuple(questions), has_titles)


def _keep(draft: Draft, known: Mapping[str, str], taken: set[str]) -> None:
    """Make the column a field of the site's own: one that is there already, or a new one."""
    key = _known_key(draft, known, taken)
    if not key:
        # Not a new one beside ``known``: the same file again finds what it made before.
        key = key_of(draft.title.text, draft.index, taken)
    elif not draft.asks:
        draft.reason = "known"
    draft.field = key
    draft.reason = draft.reason or _reason_to_keep(draft)
    taken.add(key)


def _known_key(
    draft: Draft, known: Mapping[str, str], taken: Collection[str] = frozenset()
) -> str:
    """The key of the site's field with the name of this column; "" if there is none.

    Of several with one name the first that no other column has ``taken``, by its key.
    """
    spelling, key = _spelling(draft), slug(draft.title.text)
    if not spelling:
        return ""
    of_this_name = sorted(key for key, label in known.items() if words(label) == spelling)
    candidates = [*of_this_name, *([key] if key in known else [])]
    return next((key for key in candidates if key not in taken), "")


def _reason_to_keep(draft: Draft) -> str:
    title = draft.title
    if title.has("somebody") and (draft.cells.existing or draft.cells.emails):
        return "somebody"
    if title.names_number and draft.cells:
        return "no_numbers"
    return "no_emails" if title.names_email and draft.cells else "unknown"


def _question(draft: Draft) -> Question:
    title = draft.title.text.strip() or sentences.position(draft.index)
    examples = ", ".join(sentences.quoted(text[:30]) for text in _examples(draft))
    said = sentences.questions()[draft.asks]
    message = said % {"title": title, "other": draft.other, "examples": examples}
    code = "consent" if draft.asks in _CONSENT_CODES else draft.asks
    code = "country" if draft.asks in _COUNTRY_CODES else code
    return Question(draft.index, draft.title.text, code, message, draft.choices)


def _examples(draft: Draft) -> list[str]:
    """A few cells to show: those that were not understood, where that is the question."""
    texts = list(dict.fromkeys(draft.cells.texts))
    if draft.asks == "cells":
        read = read_refusal if draft.title.tone == "against" else read_consent
        texts = [text for text in texts if read(text) is None]
    return texts[:_EXAMPLES]


def _nothing_to_reach(drafts: Sequence[Draft]) -> Question:
    titles = [draft.title.text.strip() or sentences.position(draft.index) for draft in drafts]
    said = sentences.questions()["nothing_to_reach" if titles else "nothing"]
    listed = ", ".join(map(sentences.quoted, titles))
    message = said % {"titles": listed}
    return Question(-1, "", "nothing_to_reach", message, (*NUMBER_CHOICES[:1], "email"))
