"""Accents come as they were written, or a person is asked."""

from pathlib import Path

import pytest

from octopush_django.contacts.tables.encodings import LONGEST_LINE, find_encoding
from octopush_django.contacts.tables.files import DoubtfulEncoding, UnreadableFile, open_table
from octopush_django.contacts.tables.letters import IMPOSSIBLE, points

FRENCH = """Téléphone Prénom Zoé Lefèvre François Noël Hélène Anaïs Benoît Jérôme Gaëlle Loïc
Besançon Orléans Évry Nîmes Sète Angoulême Maïté Éric Mâcon Béziers Raphaël Île Août""".split()
GERMAN = """Müller Jürgen Jäger Köln Straße Größe Österreich Ärzte Übung Weiß Günther Schröder
Bäcker Schäfer Krüger Nürnberg Düsseldorf Süß""".split()
SPANISH = """Teléfono José María García Muñoz Núñez Martínez López Pérez Sánchez Rodríguez Gómez
Álvarez Íñigo Raúl Ángel Óscar Peña Málaga Cádiz León Zúñiga Concepción""".split()
ITALIAN = "Niccolò Forlì Cantù Città perché Carrù Zoè Salò Libertà Così Università Là".split()
NAMES = {"French": FRENCH, "German": GERMAN, "Spanish": SPANISH, "Italian": ITALIAN}


@pytest.fixture
def file(tmp_path):
    def make(text, encoding):
        path = tmp_path / "upload"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return make


def people(names):
    return "tel;nom\n" + "".join(f"0639981001;{name}\n" for name in names)


def reading(path):
    """The text of a file, in the encoding that was found."""
    encoding, _remarks = find_encoding(path)
    return path.read_bytes().decode(encoding).removeprefix("\ufeff")


@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
     "cp1252", "latin-1", "iso8859-15", "mac_roman", "cp850"],
)  # fmt: skip
@pytest.mark.parametrize("as_written", [str, str.upper])
def test_every_encoding_gives_the_same_names(file, language, encoding, as_written):
    text = as_written(people(NAMES[language]))
    assert reading(file(text, encoding)) == text


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso8859-15", "mac_roman", "cp850"])
@pytest.mark.parametrize("name", sorted({*FRENCH, *GERMAN, *SPANISH, *ITALIAN} - {"Íñigo", "Là"}))
def test_a_single_name_is_read_well_or_asked(file, name, encoding):
    """*Íñigo* alone in CP850 is by chance a word of UTF-8."""
    path = file(people([name]), encoding)
    try:
        assert reading(path) == people([name])
    except DoubtfulEncoding as doubt:
        rows = {line.partition(";")[2] for line in doubt.readings.values()}
        assert name in rows
        assert len(rows) > 1


@pytest.mark.parametrize("name", "Zoé Lefèvre François Noël Müller José perché école".split())
def test_a_single_name_of_windows_is_not_asked(file, name):
    assert reading(file(people([name]), "cp1252")) == people([name])


def test_signs_come_with_the_accents(file):
    text = "N°;Prix\n1;19,90 €\n2;« L’Oréal » – 5 %…\n3;cœur d’Anaïs\n"
    assert reading(file(text, "cp1252")) == text
    assert find_encoding(file("prix\n19 €\ncœur\n", "iso8859-15"))[0] == "iso8859-15"


def test_ascii_is_never_doubtful(file):
    assert find_encoding(file("tel;nom\n1;Zoe\n", "ascii")) == ("utf-8", [])


def test_the_whole_file_counts(file):
    rows = "0639981001;Ann\n" * 200_000
    for encoding in ("utf-8", "cp1252", "mac_roman"):
        text = f"tel;nom\n{rows}0639981002;Zoé\n"
        assert reading(file(text, encoding)) == text


# --- what stays doubtful ----------------------------------------------------------------------


def test_two_readings_that_make_sense_are_asked(file):
    path = file("tel;nom\n0639981001;Ann\n0639981002;Fran\x87ois\n".encode("latin-1"), "")
    with pytest.raises(DoubtfulEncoding) as doubt, open_table(path):
        pass
    readings = doubt.value.readings
    assert readings["cp850"] == "0639981002;François"
    assert readings["mac_roman"] == "0639981002;Franáois"
    assert "François" in str(doubt.value)
    assert doubt.value.code == "doubtful_encoding"
    with open_table(path, encoding="cp850") as table:
        assert list(table.rows)[1] == (3, ["0639981002", "François"])
        assert table.encoding == "cp850"


def test_the_accents_are_shown_wherever_they_stand(file):
    path = file(b"tel;nom\n1;" + b"x" * 5000 + b" Fran\x87ois " + b"x" * 5000, "")
    with pytest.raises(DoubtfulEncoding) as doubt:
        find_encoding(path)
    for name, line in doubt.value.readings.items():
        assert ("François" in line) == (name == "cp850")
        assert len(line) <= 120


@pytest.mark.parametrize(
    ("names", "encoding"),
    [("Łódź Wałęsa Żółć Święty", "cp1250"), ("Иван Мария Сергей Ольга Наталья", "cp1251"),
     ("Γιώργος Μαρία Ελένη Νίκος", "cp1253")],
)  # fmt: skip
def test_other_alphabets_are_asked(file, names, encoding):
    path = file(people(names.split()), encoding)
    with pytest.raises(DoubtfulEncoding) as doubt:
        find_encoding(path)
    assert set(doubt.value.readings) - {"cp1252", "mac_roman", "cp850", "iso8859-15"}
    with open_table(path, encoding=encoding) as table:
        assert [cells[1] for _line, cells in table.rows] == names.split()


def test_a_word_from_elsewhere_is_remarked(file):
    content = people(FRENCH).encode("cp1252") + "3;Gaëlle\n".encode()
    encoding, remarks = find_encoding(file(content, ""))
    assert encoding == "cp1252"
    assert "GaÃ«lle" in remarks[0]


# --- what cannot be read ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (people(FRENCH).encode() + b"3;Zo\xe9\n", 27),
        ("\ufefftel\nZoé\r\n".encode() + b"Zo\xe9\n", 3),
        ("\ufefftel\rZoé\r".encode() + b"Zo\xe9\r", 3),
        ("tel\nnom\n".encode("utf-16") + b"\x00\xd8a\x00", 3),
        ("tel\nnom".encode("utf-16") + b"x", 2),
        ("\ufefftel\n".encode("utf-32-le") + b"\xff\xff\xff\xff", 2),
    ],
)
def test_bytes_that_nothing_reads_are_named(file, content, line):
    with pytest.raises(UnreadableFile) as error:
        find_encoding(file(content, ""))
    assert error.value.code == "undecodable"
    assert f"Line {line} " in str(error.value)


def test_a_chosen_encoding_must_read_all_of_the_file(file):
    path = file("tel\n" + "a\n" * 1_000_000 + "Zoé\n", "cp850")
    codes = {"utf-8": "undecodable", "ascii": "undecodable", "nonsense": "unknown_encoding",
             "hex": "unknown_encoding"}  # fmt: skip
    for encoding, code in codes.items():
        with pytest.raises(UnreadableFile) as error, open_table(path, encoding=encoding):
            pass
        assert error.value.code == code
    with pytest.raises(UnreadableFile, match="Line 1000002 "), open_table(path, encoding="utf-8"):
        pass


@pytest.mark.parametrize("encoding", ["utf-16", "UTF-16", "utf_16", "utf-32", "U32"])
@pytest.mark.parametrize("content", [b"tel;nom\n0639981001;Ann\n", b"tel", b"t"])
def test_a_file_that_does_not_begin_with_the_mark_is_no_utf_16(file, encoding, content):
    with pytest.raises(UnreadableFile) as error, open_table(file(content, ""), encoding=encoding):
        pass
    assert str(error.value) == f"Line 1 cannot be read as {encoding.upper()}."
    assert error.value.code == "undecodable"


@pytest.mark.parametrize("encoding", ["utf-16", "UTF-16", "utf_16", "utf-32", "U32"])
def test_the_name_of_a_wide_encoding_is_read_in_any_spelling(file, encoding):
    with open_table(file("tel;nom\n1;Zoé\n", encoding), encoding=encoding) as table:
        assert list(table.rows) == [(2, ["1", "Zoé"])]


def test_a_line_without_end_is_named(file):
    path = file(b"tel\nnom\n" + b"x" * (LONGEST_LINE + 2_000_000), "")
    with pytest.raises(UnreadableFile, match="Line 3 ") as error:
        find_encoding(path)
    assert error.value.code == "endless_line"


# --- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_words_of_our_neighbours_are_plausible(names):
    assert [name for word in names for name in (word, word.upper()) if points(name)] == []


@pytest.mark.parametrize(
    "word",
    ["ZoÈ", "Pr‚nom", "LefŠvre", "Franþois", "No‘l", "Mu–oz", "Pr╔nom", "FranÁois", "ßtadt"],
)
def test_words_read_wrongly_are_not(word):
    assert points(word) >= IMPOSSIBLE


def test_the_shared_file_of_contacts():
    assert find_encoding(Path(__file__).parents[1] / "files" / "contacts-fr.csv") == ("cp1252", [])
