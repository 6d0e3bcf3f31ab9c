"""Workbooks come as their readers see them, from a process that can do no harm."""

import json
import os
import subprocess
import sys
import time
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from octopush_django.contacts.tables import workbooks, xlsx_program
from octopush_django.contacts.tables.files import UnreadableFile, open_table
from tests.contacts.books import workbook

FILES = Path(__file__).parents[1] / "files"


@pytest.fixture
def save(tmp_path):
    """Save a workbook of openpyxl; returns the path, which has no extension."""

    def to_file(book):
        book.save(tmp_path / "upload")
        return tmp_path / "upload"

    return to_file


def read(path):
    with open_table(path) as table:
        rows = list(table.rows)
        return table.header, rows, table.remarks


def refusal(path):
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    return caught.value


def filled(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return book


def with_part(path, name, change):
    """Rewrite one part of a workbook: ``change`` gets its text."""
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"

# --- cells ------------------------------------------------------------------------------------


def test_cells_come_as_excel_shows_them():
    header, rows, remarks = read(FILES / "cell-formats.xlsx")
    assert header == ["Téléphone", "Remise", "Prix", "Code postal"]
    assert rows == [(2, ["639981001", "20%", "19,90 €", "01000"])]
    assert remarks == []


def test_dates_keep_their_hour():
    header, rows, _remarks = read(FILES / "dates-and-numbers.xlsx")
    assert header == ["Téléphone", "Prénom", "RDV", "Heure", "Montant"]
    assert rows == [
        (2, ["639981001", "Nora", "02/03/2026 14:30", "14:30:00", "12.5"]),
        (3, ["33639981002", "Luc", "2026-03-02", "", "1234"]),
        (4, ["0639981003", "Ann", "02/03/2026", "9:05:00", "0.3"]),
    ]


def test_cells_of_every_type(save):
    bold = TextBlock(InlineFont(b=True), "Zoé")
    book = filled(["tel"] + ["x"] * 7)
    book.active.append(
        [33639981001, True, False, "=1/0", "#N/A", CellRichText("A ", bold, " B"), " Zoé\nB ",
         "_x0041_"]
    )  # fmt: skip
    book.active["E2"].data_type = "e"
    path = with_part(
        save(book),
        SHEET,
        lambda xml: xml.replace("<f>1/0</f><v />", "<f>1/0</f><v>#DIV/0!</v>").replace(
            '<c r="D2"', '<c r="D2" t="e"'
        ),
    )
    cells = ["33639981001", "TRUE", "FALSE", "#DIV/0!", "#N/A", "A Zoé B", " Zoé\nB ", "A"]
    assert read(path)[1] == [(2, cells)]


def test_what_formulas_gave_is_read(save):
    change = {"<f>A2</f><v />": "<f>A2</f><v>639981001</v>", '<c r="B2"': '<c r="B2" t="str"'}

    def change_all(xml):
        for before, after in change.items():
            assert before in xml
            xml = xml.replace(before, after)
        return xml

    path = with_part(save(filled(["tel", "copy"], ["1", "=A2"])), SHEET, change_all)
    assert read(path)[1] == [(2, ["1", "639981001"])]


TEL = "<si><t>tel</t></si>"
HEADER = '<row><c t="s"><v>0</v></c></row>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<si><t>Zoé</t></si>", "Zoé"),
        ('<si><t xml:space="preserve"> a\nb </t></si>', " a\nb "),
        ("<si><r><rPr><b/></rPr><t>Zo</t></r><r><t>é</t></r></si>", "Zoé"),
        ('<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>', "東京"),
        ("<si><t>a_x000D_b _x0041_x_ _x0000__xD800_ _x</t></si>", "a\rb Ax_  _x"),
    ],
)
def test_shared_and_inline_texts(tmp_path, text, shown):
    """Reading aids for Japanese are no text; characters that XML cannot hold are escaped."""
    inline = f"<is>{text[4:-5]}</is>"
    rows = [HEADER, f'<row><c t="s"><v>1</v></c><c t="inlineStr">{inline}</c></row>']
    path = workbook(tmp_path / "upload", rows, [TEL, text])
    assert read(path)[1] == [(2, [shown, shown])]


@pytest.mark.parametrize(
    ("texts", "start", "code"),
    [([TEL], "", "damaged"), ([TEL, f"<si><t>{'x' * 10_001}</t></si>"], "", "long_cell"),
     ([TEL, "<si><t>&a;</t></si>"], '<!DOCTYPE x [<!ENTITY a "b">]>', "entities"),
     ([TEL, "<si><t>&a;</t></si>"], "", "damaged")],
)  # fmt: skip
def test_shared_texts_that_are_refused(tmp_path, texts, start, code):
    rows = [HEADER, '<row><c t="s"><v>1</v></c></row>']
    assert refusal(workbook(tmp_path / "upload", rows, texts, start)).code == code


def test_rows_and_cells_without_reference_and_with_a_prefix(save):
    def change(xml):
        body = (
            '<x:row><x:c><x:v>1</x:v></x:c><x:c t="inlineStr"><x:is><x:t>nom</x:t></x:is></x:c>'
            "</x:row><x:row/><x:row><x:c/><x:c><x:v>2</x:v></x:c></x:row>"
        )
        main = "http://purl.oclc.org/ooxml/spreadsheetml/main"
        return f'<x:worksheet xmlns:x="{main}"><x:sheetData>{body}</x:sheetData></x:worksheet>'

    assert read(with_part(save(filled(["a"])), SHEET, change))[:2] == (
        ["1", "nom"], [(3, ["", "2"])])  # fmt: skip


def test_dates_counted_from_1904(save):
    book = filled(["date"], [datetime(2026, 3, 2, 14, 30)])
    book.epoch = datetime(1904, 1, 1)
    book.active["A2"].number_format = "dd/mm/yyyy hh:mm"
    assert read(save(book))[1] == [(2, ["02/03/2026 14:30"])]


CELL = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="_\ufffe\uffff"),
            max_size=10).filter(lambda text: not text.startswith("=")),
    st.integers(-(10**14), 10**14), st.booleans(), st.none(),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=5), max_size=6))
def test_openpyxl_reads_the_same(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("books") / "upload"
    filled(["tel"], *rows).save(path)
    expected = [
        (line, [_text(value) for value in values])
        for line, values in enumerate(_opened(path).active.iter_rows(values_only=True), 1)
    ]
    found = [(line, cells) for line, cells in read(path)[1]]
    assert found == [
        (line, _trimmed(cells)) for line, cells in expected[1:] if any(cells)
    ]  # fmt: skip


def _opened(path):
    with path.open("rb") as file:
        return load_workbook(file)


def _text(value):
    return str(value).upper() if isinstance(value, bool) else "" if value is None else str(value)


def _trimmed(cells):
    while cells and not cells[-1]:
        cells.pop()
    return cells


# --- sheets, hidden rows and columns ----------------------------------------------------------


def test_hidden_rows_are_read_and_remarked():
    _header, rows, remarks = read(FILES / "hidden-row.xlsx")
    assert [cells[1] for _line, cells in rows] == ["Nora", "Filtré"]
    assert len(remarks) == 1
    assert remarks[0].startswith("1 row is hidden")


def test_hidden_columns_are_remarked_as_far_as_they_hold_something(save):
    book = filled(["tel", "nom", "note"], ["1", "2", "3"], ["1", "2", "3"])
    for column in "BCDEFG":
        book.active.column_dimensions[column].hidden = True
    book.active.row_dimensions[2].hidden = book.active.row_dimensions[3].hidden = True
    book.active.row_dimensions[4].hidden = True
    remarks = read(save(book))[2]
    assert [remark[:9] for remark in remarks] == ["2 rows ar", "2 columns"]


def test_the_first_visible_sheet_with_something_in_it(save):
    book = Workbook()
    sheets = [("Hidden", "hidden", ["x"]), ("Blank", "visible", [" "]),
              ("People", "visible", ["tel"]), ("More", "visible", ["y"]),
              ("Secret", "veryHidden", ["z"]), ("Empty", "visible", [])]  # fmt: skip
    for name, state, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        sheet.append(rows)
    header, _rows, remarks = read(save(book))
    assert header == ["tel"]
    assert remarks == [
        "Only the sheet “People” was read. These were not: “Hidden”, “More”, “Secret”."
    ]


def test_workbooks_without_a_visible_row(save):
    assert refusal(save(filled())).code == "empty"
    book = filled()
    book.create_sheet("Archive").append(["tel"])
    book["Archive"].sheet_state = "hidden"
    found = refusal(save(book))
    assert (found.code, "Archive" in str(found)) == ("only_hidden", True)


# --- limits -----------------------------------------------------------------------------------


def test_a_cell_that_is_too_long_is_named(save):
    assert len(read(save(filled(["tel"], ["x" * 10_000])))[1]) == 1
    found = refusal(save(filled(["tel"], ["1"], ["2", "x" * 10_001])))
    assert (found.code, "Line 3, column 2" in str(found)) == ("long_cell", True)


def test_columns_count_up_to_the_last_title(save):
    assert len(read(save(filled(["x"] * 200, ["1"])))[0]) == 200
    assert refusal(save(filled(["x"] * 201))).code == "too_many_columns"
    book = filled(["tel"], ["1"])
    book.active["XFD2"] = "a note far away"
    [(_line, cells)] = read(save(book))[1]
    assert cells == ["1", *[""] * 199, "a note far away"]


@pytest.mark.parametrize(
    ("part", "before", "after", "code"),
    [
        (SHEET, '<row r="2"', '<row r="999999999999"', "too_many_rows"),
        (SHEET, '<row r="2"', '<row r="0"', "too_many_rows"),
        (SHEET, '<row r="2"', '<row r="two"', "damaged"),
        (SHEET, '<c r="A2"', '<c r="2"', "damaged"),
        (SHEET, "</row>", "</rwo>", "damaged"),
        (SHEET, "<worksheet", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet', "entities"),
        ("xl/workbook.xml", "<workbook", "<!DOCTYPE x><workbook", "entities"),
        ("xl/styles.xml", "<styleSheet", "<!DOCTYPE x><styleSheet", "entities"),
        ("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "nowhere.xml", "damaged"),
        ("xl/_rels/workbook.xml.rels", "<Relationship ", "<!-- ", "damaged"),
        (SHEET, "<sheetData>", "<sheetData>" + " " * 20_000_000, "bomb"),
    ],
)
def test_damaged_workbooks(save, part, before, after, code):
    path = with_part(save(filled(["tel"], ["a"])), part, lambda xml: xml.replace(before, after))
    found = refusal(path)
    assert found.code == code
    assert str(found).endswith(".")


def test_a_truncated_workbook(save):
    path = save(filled(["tel"], *(["0639981001"] for _row in range(500))))
    whole = path.read_bytes()
    for length in (10, 1000, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:length])
        assert refusal(path).code == "damaged"


def test_bits_that_fell_over(save):
    path = save(filled(["tel"], *([str(639981001 * row)] for row in range(2000))))
    whole = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo(SHEET).header_offset + 5000
    whole[place : place + 40] = bytes(40)
    path.write_bytes(whole)
    assert refusal(path).code == "damaged"


def test_an_archive_with_a_password(save):
    path = save(filled(["tel"]))
    content = bytearray(path.read_bytes())
    place = -1
    while (place := content.find(b"PK\x01\x02", place + 1)) >= 0:
        content[place + 8] |= 1
    path.write_bytes(content)
    assert refusal(path).code == "password"


# --- the process ------------------------------------------------------------------------------


def test_the_process_knows_no_django_and_no_secret(save, monkeypatch):
    monkeypatch.setenv("OCTOPUSH_API_KEY", "secret")
    started = []
    real = subprocess.Popen

    def note(*args, **kwargs):
        started.append((args, kwargs))
        return real(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", note)
    read(save(filled(["tel"])))
    [((command,), kwargs)] = started
    assert {"-I", "-S"} <= set(command)
    assert "OCTOPUSH_API_KEY" not in kwargs["env"]
    code = (
        f"import sys; sys.path.append({str(workbooks._ROOT)!r}); "
        "from octopush_django.contacts.tables import xlsx_program; "
        "print([name for name in sys.modules if name.startswith(('django', 'openpyxl'))])"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not limit addresses")
def test_the_process_is_limited():
    code = (
        "import resource; from octopush_django.contacts.tables import xlsx_program as program; "
        "program.limit(); print([resource.getrlimit(kind)[0] for kind in "
        "(resource.RLIMIT_AS, resource.RLIMIT_CPU)]); bytearray(program.MEMORY)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=workbooks._ROOT
    )
    assert json.loads(done.stdout) == [xlsx_program.MEMORY, xlsx_program.SECONDS]
    assert "MemoryError" in done.stderr


def test_the_process_ends_with_the_table(save, monkeypatch):
    processes = []
    real = subprocess.Popen

    class Noted(real):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    path = save(filled(["tel"], *(["x" * 5000] for _row in range(500))))
    with open_table(path) as table:
        next(table.rows)
        assert processes[0].poll() is None
    assert processes[0].poll() is not None


@pytest.mark.parametrize("program", ["while True: pass", "import time; time.sleep(60)"])
def test_waiting_is_bounded(save, monkeypatch, program):
    monkeypatch.setattr(workbooks, "_PROGRAM", program)
    monkeypatch.setattr(workbooks, "SECONDS", 0.3)
    began = time.monotonic()
    assert refusal(save(filled(["tel"]))).code == "time"
    assert time.monotonic() - began < 5


def test_nobody_waits_for_a_process_whose_rows_are_not_wanted(save, monkeypatch):
    program = """import time; print('[1, ["tel"]]', flush=True); time.sleep(60)"""
    monkeypatch.setattr(workbooks, "_PROGRAM", program)
    began = time.monotonic()
    with open_table(save(filled(["tel"]))) as table:
        assert table.header == ["tel"]
    assert time.monotonic() - began < 5


def test_only_waiting_counts(save, monkeypatch):
    monkeypatch.setattr(workbooks, "SECONDS", 2)
    path = save(filled(["tel"], *(["x" * 5000] for _row in range(200))))
    with open_table(path) as table:
        next(table.rows)
        time.sleep(2.5)
        assert len(list(table.rows)) == 199


def test_a_process_that_is_killed_is_told(save, monkeypatch):
    monkeypatch.setattr(workbooks, "_PROGRAM", "import os; os.kill(os.getpid(), 9)")
    assert refusal(save(filled(["tel"]))).code == "memory"


@pytest.mark.parametrize("server", ["/usr/sbin/uwsgi", "", None])
def test_a_web_server_is_not_taken_for_python(save, monkeypatch, server):
    monkeypatch.setattr(sys, "executable", server)
    assert os.access(workbooks._interpreter(), os.X_OK)
    assert read(save(filled(["tel"], ["1"])))[1] == [(2, ["1"])]


def test_dates_without_hours(save):
    book = filled(["date"], [date(2026, 3, 2)], [date(2026, 3, 2)])
    book.active["A2"].number_format = "dd/mm/yyyy"
    assert read(save(book))[1] == [(2, ["02/03/2026"]), (3, ["2026-03-02"])]
