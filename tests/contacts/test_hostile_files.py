"""Files made to do harm: each ends in a sentence or is read, in bounded time and memory."""

from itertools import chain, repeat

import pytest

from tests.contacts import measured
from tests.contacts.books import workbook

HEADER = '<row r="1"><c t="inlineStr"><is><t>Mobile</t></is></c></row>'
PERSON = '<row><c t="inlineStr"><is><t>0639981001</t></is></c></row>'

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=[])]


def numbered(rows):
    return (f'<row r="{line}"><c t="n"><v>{600000000 + line * 7919}</v></c></row>'
            for line in range(2, rows + 2))  # fmt: skip


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)

WORKBOOKS = {
    "a row beyond any sheet": (
        [HEADER, '<row r="999999999999"><c><v>1</v></c></row>'], [], "", "too_many_rows", 0),
    "thirty million empty texts": (
        [HEADER, PERSON], repeat("<si><t/></si>" * 1000, 30_000), "", "memory", 0),
    "two million different texts": (
        [HEADER, PERSON],
        (f"<si><t>{n * 7919 % 10**9} x {n * 104729 % 10**9}</t></si>" for n in range(2_000_000)),
        "", "", 1),
    "too many different texts": (
        [HEADER, PERSON],
        (f"<si><t>{n * 7919 % 10**9} {n * 104729 % 10**9} {n * 15485863 % 10**9}</t></si>"
         for n in range(5_500_000)),
        "", "memory", 0),
    "a zip bomb": (chain([HEADER], repeat(" " * 1_000_000, 300)), [], "", "bomb", 0),
    "entities": ([HEADER, PERSON], [], ENTITIES, "entities", 0),
    "a million empty columns": (
        chain([HEADER, "<row>", PERSON[5:-6]], repeat("<c/>", 1_000_000), ["</row>"]),
        [], "", "", 1),
    "a million filled columns": (
        chain([HEADER, "<row>"], repeat("<c><v>1</v></c>", 600_000), ["</row>"]),
        [], "", "wide_row", 0),
    "five million rows": (
        chain([HEADER], numbered(5_000_000)), [], "", "too_many_rows", 0),
    "one endless cell": (
        chain([HEADER, '<row r="2"><c t="str"><v>'], map(str, range(20_000_000)),
              ["</v></c></row>"]),
        [], "", "long_cell", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", WORKBOOKS)
def test_hostile_workbooks(tmp_path, name):
    rows, texts, start, code, count = WORKBOOKS[name]
    path = workbook(tmp_path / "upload", rows, texts, start)
    outcome = measured.read(path)
    print(f"\n{name}: {path.stat().st_size:,} bytes, {outcome}")
    assert outcome.code == code
    assert code or outcome.rows == count
    assert outcome.megabytes < 300
    assert outcome.seconds < 100


def lines(path, *parts):
    with path.open("wb") as file:
        for part, times in parts:
            for _time in range(times):
                file.write(part)
    return path


TEXTS = {
    "100 MB without a line end": ([(b"Mobile;" * 100_000, 142)], "endless_line", 0),
    "100 MB of letters": ([(b"x" * 1_000_000, 99)], "endless_line", 0),
    "100 MB within a quote": ([(b'Mobile\n"', 1), (b"0639981001\n" * 90_000, 100)],
                              "open_quote", 0),
    "a million empty columns": ([(b"Mobile" + b";" * 1_000_000 + b"\n", 1),
                                 (b"0639981001" + b";" * 1_000_000 + b"\n", 20)], "", 20),
    "a million columns": ([(b"Mobile;" * 500_000 + b"\n", 2)], "too_many_columns", 0),
    "five million rows": ([(b"Mobile\n", 1), (b"0639981001\n" * 100_000, 50)], "", 5_000_000),
    "100 MB of accents": ([(b"Mobile\n", 1), (bytes(range(0xC0, 0x100)) + b"\n", 1_500_000)],
                          "doubtful_encoding", 0),
    "100 MB of quotes": ([(b"Mobile\n", 1), (b'"' * 999 + b"\n", 99_000)], "", 49_500),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts(tmp_path, name):
    parts, code, count = TEXTS[name]
    path = lines(tmp_path / "upload", *parts)
    outcome = measured.read(path)
    print(f"\n{name}: {path.stat().st_size:,} bytes, {outcome}")
    assert (outcome.code, outcome.rows) == (code, count)
    assert outcome.megabytes < 300
    assert outcome.seconds < 30
