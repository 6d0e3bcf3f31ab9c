"""Any file is a table of text, or a sentence says why not and what to do."""

import csv
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.contacts.tables.files import DoubtfulEncoding, UnreadableFile, open_table
from octopush_django.contacts.tables.unreadable import UnreadableFile as Base

FILES = Path(__file__).parents[1] / "files"


def read(path, **options):
    """The header and the rows of a file, with their lines."""
    with open_table(path, **options) as table:
        return table.header, list(table.rows)


@pytest.fixture
def file(tmp_path):
    def make(content, encoding="utf-8"):
        path = tmp_path / "upload"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return make


def refusal(path, **options):
    with pytest.raises(UnreadableFile) as caught:
        read(path, **options)
    return caught.value


# --- real files -------------------------------------------------------------------------------

PHONE = ["Téléphone", "Prénom", "Nom"]


@pytest.mark.parametrize(
    ("name", "header", "rows", "encoding"),
    [
        ("blank-first-lines.csv", PHONE, [(4, ["0639981001", "Zoé", "Noël"])], "utf-8"),
        ("sep-line.csv", PHONE[:2], [(3, ["0639981001", "Zoé"])], "cp1252"),
        ("cp850.csv", ["Telephone", *PHONE[1:]], [(2, ["0639981001", "Zoé", "Lefèvre"])], "cp850"),
        ("macroman.csv", ["Telephone", *PHONE[1:]], [(2, ["0639981001", "Zoé", "Lefèvre"]),
         (3, ["0639981002", "François", "Noël"])], "mac_roman"),
        ("macroman-cr.csv", PHONE, [(2, ["0639981001", "Zoé", "Lefèvre"]),
         (3, ["0639981002", "François", "Noël"])], "mac_roman"),
    ],
)  # fmt: skip
def test_files_as_people_have_them(name, header, rows, encoding):
    with open_table(FILES / name) as table:
        assert (table.header, list(table.rows)) == (header, rows)
        assert (table.encoding, table.remarks) == (encoding, [])


# --- kinds ------------------------------------------------------------------------------------

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2_000_000)


def archive(*names):
    def make(path):
        with zipfile.ZipFile(path, "w") as made:
            for name in names:
                made.writestr(name, "x")

    return make


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (OLE, "xls"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"\x00\x00\x00\x18ftypheic", "image"),
        (b"{\\rtf1", "document"),
        (b"\x1f\x8b\x08", "archive"),
        (b"SQLite format 3\x00", "database"),
        ("  <HTML><table><tr><td>tel", "html"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE  html>", "html"),
        ("<table>".encode("utf-16"), "html"),
        ("<?xml version='1.0'?><Workbook/>", "xml"),
        ('[\n  {"tel": 1}]', "json"),
        ("BEGIN:VCARD\nTEL:0639981001", "vcard"),
        (bytes(range(1, 9)) * 100, "binary"),
        (b"", "empty"),
        (b"\n ; \n\n", "empty"),
        (b"\xff\xfe", "empty"),
        (b"PK\x03\x04 and no more", "damaged"),
    ],
)
def test_other_kinds_are_told_by_their_content(file, content, code):
    found = refusal(file(content))
    assert found.code == code
    assert str(found).endswith(".")


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["a.csv"], "archive"),
        (["mimetype", "content.xml"], "ods"),
        (["Index/Document.iwa"], "numbers"),
        (["[Content_Types].xml", "word/document.xml"], "document"),
        (["[Content_Types].xml", "xl/workbook.bin"], "xlsb"),
        (["[Content_Types].xml", "xl/workbook.xml"], "damaged"),
    ],
)
def test_archives_are_told_by_what_is_in_them(tmp_path, names, code):
    archive(*names)(tmp_path / "upload")
    assert refusal(tmp_path / "upload").code == code


def test_what_is_said_is_one_class():
    assert issubclass(DoubtfulEncoding, UnreadableFile)
    assert UnreadableFile is Base
    assert UnreadableFile("x").code == "unreadable"


def test_a_larger_file_than_allowed_is_refused_at_once(file, settings):
    settings.OCTOPUSH_IMPORT_LIMIT = 2_500_000
    path = file(b"tel\n" + b"0639981001\n" * 250_000)
    found = refusal(path)
    assert found.code == "too_large"
    assert "2.750004 MB" in str(found)
    assert "2.5 MB" in str(found)
    settings.OCTOPUSH_IMPORT_LIMIT = path.stat().st_size
    assert len(read(path)[1]) == 250_000


def test_a_file_that_is_not_there(tmp_path):
    assert refusal(tmp_path / "missing.csv").code == "no_file"
    assert refusal(tmp_path).code == "no_file"


# --- delimiters, lines, cells -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "header", "rows"),
    [
        ("tel,nom\n1,Zoé\n", ["tel", "nom"], [(2, ["1", "Zoé"])]),
        ("tel\tnom\r\n1\tZoé", ["tel", "nom"], [(2, ["1", "Zoé"])]),
        ("tel|nom\r1|Zoé\r", ["tel", "nom"], [(2, ["1", "Zoé"])]),
        ('"Nom, prénom, âge";tel\n"A, B, 3";1\n', ["Nom, prénom, âge", "tel"],
         [(2, ["A, B, 3", "1"])]),
        ("Nom, prénom;tel\nA, B;1\nC;2\n", ["Nom, prénom", "tel"],
         [(2, ["A, B", "1"]), (3, ["C", "2"])]),
        ("tel;prix\n1;19,90\n2;3,5\n", ["tel", "prix"],
         [(2, ["1", "19,90"]), (3, ["2", "3,5"])]),
        ("tel\n0639981001\n", ["tel"], [(2, ["0639981001"])]),
        ("SEP=,\ntel,nom;x\n1,2;y\n", ["tel", "nom;x"], [(3, ["1", "2;y"])]),
        ("sep=\t\r\ntel\tnom\r\n1\t2", ["tel", "nom"], [(3, ["1", "2"])]),
        ("\n\n ; \ntel;nom\n\n1;2\n;\n3;4\n\n", ["tel", "nom"],
         [(6, ["1", "2"]), (8, ["3", "4"])]),
        ("tel;nom;;;\n1;2;;;\n", ["tel", "nom"], [(2, ["1", "2", "", "", ""])]),
        ("tel;;nom\n1\n1;2;3;4\n", ["tel", "", "nom"], [(2, ["1"]), (3, ["1", "2", "3", "4"])]),
        (' tel ;"no""m"\n1;Nora "Nono" B\n', [" tel ", 'no"m'], [(2, ["1", 'Nora "Nono" B'])]),
        ('tel;nom\n1;"Zoé\r\nB"\n2;C\n', ["tel", "nom"],
         [(2, ["1", "Zoé\r\nB"]), (4, ["2", "C"])]),
        ('tel;nom\n1;"Zoé\nB"', ["tel", "nom"], [(2, ["1", "Zoé\nB"])]),
        ("\ufefftel;nom\n1;2\n", ["tel", "nom"], [(2, ["1", "2"])]),
        ("tel;nom\n1;2\n\x1a", ["tel", "nom"], [(2, ["1", "2"])]),
    ],
)  # fmt: skip
def test_dialects(file, content, header, rows):
    assert read(file(content)) == (header, rows)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('tel;nom\n1;"Luc\n2;Ann\n', 2),
        ('tel;nom\n1;2\n3;"Luc\n2;Ann\n4;"Bob"\n', 3),
        ('tel;nom\n1;"A\nB";"C\n2;Ann\n', 3),
        ('"tel;nom\n1;2\n', 1),
        ('tel;nom\n' + '1;2\n' * 30_000 + '3;"Luc\n' + '1;2\n' * 60_000, 30_002),
        ('tel;nom\r1;"Luc\r2;Ann\r', 2),
        ('tel;nom\n1;"Luc"x\n2;"\n', 3),
    ],
)  # fmt: skip
def test_a_quote_that_is_never_closed_is_named(file, content, line):
    found = refusal(file(content))
    assert found.code == "open_quote"
    assert f"line {line} " in str(found)


def test_the_quote_of_the_shared_case():
    assert "line 3 " in str(refusal(FILES / "open-quote.csv"))


@pytest.mark.parametrize("longest", [10_001, 200_000])
def test_a_cell_that_is_too_long_is_named(file, longest):
    assert len(read(file(f"tel;nom\n1;{'x' * 10_000}\n"))[1]) == 1
    found = refusal(file(f"tel;nom\n1;2\n3;{'x' * longest}\n"))
    assert found.code == "long_cell"
    assert "Line 3, column 2" in str(found)
    quoted = refusal(file('tel;nom\n1;"{}"\n'.format("x\n" * 5001)))
    assert (quoted.code, "Line 2, column 2" in str(quoted)) == ("long_cell", True)


def test_nobody_elses_limit_of_the_csv_module_counts(file):
    before = csv.field_size_limit()
    read(file("tel\n1\n"))
    assert csv.field_size_limit() == before


def test_columns_count_up_to_the_last_title(file):
    wide = ";".join(map(str, range(200)))
    assert len(read(file(f"{wide};;;;\n1\n"))[0]) == 200
    assert refusal(file(f"{wide};x\n1\n")).code == "too_many_columns"
    header, rows = read(file("tel" + ";" * 1_000_000 + "\n1" + ";" * 1_000_000 + "\n"))
    assert (header, len(rows)) == (["tel"], 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32-le", "cp1252"])
def test_nul_is_named(file, encoding):
    found = refusal(file("tel;nom\r\nté;2\r\n3;\x004\r\n", encoding))
    assert (found.code, "Line 3" in str(found)) == ("nul", True)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["Ирина", "Ευφροσύνη", "Łukasz Żółć"])
def test_letters_of_other_alphabets_in_wide_encodings(file, encoding, name):
    lines = "".join(f"0639981{number:03d};{name}\n" for number in range(50))
    mark = "" if encoding in ("utf-16", "utf-32") else "\ufeff"
    _header, rows = read(file(f"{mark}tel;nom\n{lines}", encoding))
    assert {cells[1] for _line, cells in rows} == {name}


# --- what the csv module writes is read -------------------------------------------------------

# Without characters of control: where they are a tenth of a file it is no table. Without those
# that are half a NUL in UTF-16: where it has no mark at its beginning, NULs tell it.
NUL_WITHIN = "".join(chr(high << 8) for high in range(256) if not 0xD8 <= high < 0xE0)
CELLS = st.text(
    st.characters(
        max_codepoint=0xFFFF,
        exclude_categories=["Cs", "Cc"],
        exclude_characters=NUL_WITHIN + "\ufeff",
    ),
    max_size=12,
)
ODD_CELLS = st.text(st.sampled_from('";,\t|\r\nab '), max_size=6)


@given(
    rows=st.lists(st.lists(CELLS | ODD_CELLS, min_size=2, max_size=5), max_size=30),
    delimiter=st.sampled_from(";,\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoted=st.booleans(),
)
def test_what_was_written_is_read_back(tmp_path_factory, rows, delimiter, encoding, end, quoted):
    # The writer leaves line ends other than its own without quotes, if it may.
    quoted |= any(mark in cell for row in rows for cell in row for mark in "\r\n")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    path = tmp_path_factory.mktemp("written") / "upload"
    header = ["Téléphone", "name"]
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(f"sep={delimiter}{end}")
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
        writer.writerows([header, *rows])
    found, cells = read(path)
    assert found == header
    assert [row for _line, row in cells] == [row for row in rows if any(row)]
