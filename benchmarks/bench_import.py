"""Importing a file of contacts, against django-import-export's bulk mode and against no checks.

Rows a second of: import-export with ``use_bulk`` (numbers canonical, as here; no list, no
personal details, on the first rows only, since its speed does not depend on the size); the same
statements with rows from ``csv.reader`` that nobody looked at; the importer; the importer with the
same file again. Then the peak memory of a large and a small file, each in a process of its own.
What is not measured: workbooks, files with questions, and how a page waits for an import.

Usage: python benchmarks/bench_import.py [rows] [rows for import-export] [rows for memory].
"""

import csv
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PAIRS = 3
HEADER = ["Prénom", "Nom", "Téléphone", "E-mail", "Ville", "Consentement"]
SPELLINGS = (
    "0{}", "+33{}", "0{0[0]} {0[1]}{0[2]} {0[3]}{0[4]} {0[5]}{0[6]} {0[7]}{0[8]}",
    "0{0[0]}.{0[1]}{0[2]}.{0[3]}{0[4]}.{0[5]}{0[6]}.{0[7]}{0[8]}",
)  # fmt: skip


def write(path, rows):
    """A file of French mobiles in several spellings, in no order."""
    chance = random.Random(rows)
    order = list(range(rows))
    chance.shuffle(order)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for i in order:
            writer.writerow([
                f"Prénom{i % 5000}", f"Nom{i % 9000}",
                chance.choice(SPELLINGS).format(f"6{10_000_000 + i:08d}"),
                f"p{i}@example.org" if i % 2 else "", chance.choice(["Nantes", "Besançon"]),
                chance.choice(["oui", "non", ""]),
            ])  # fmt: skip
    return path


def forget():
    from django.db import connection

    from octopush_django.models import Contact, ContactImport, ContactList

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {Contact._meta.db_table} CASCADE")
        else:
            cursor.execute(f"DELETE FROM {Contact.lists.through._meta.db_table}")
            cursor.execute(f"DELETE FROM {Contact._meta.db_table}")
    ContactList.objects.all().delete()
    ContactImport.objects.all().delete()


def by_import_export(path, rows):
    from import_export import fields, resources, widgets
    from tablib import Dataset

    from octopush_django import numbers
    from octopush_django.models import Contact

    class Number(widgets.CharWidget):
        def clean(self, value, row=None, **kwargs):
            return numbers.canonical(value)

    class People(resources.ModelResource):
        phone_number = fields.Field("phone_number", "Téléphone", Number())
        first_name = fields.Field("first_name", "Prénom")
        last_name = fields.Field("last_name", "Nom")
        email = fields.Field("email", "E-mail")

        class Meta:
            model = Contact
            fields = ("phone_number", "first_name", "last_name", "email")
            import_id_fields = ("phone_number",)
            use_bulk = True
            batch_size = 1000
            skip_diff = True

    began = time.perf_counter()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=";")
        dataset = Dataset(headers=next(reader))
        for _ in range(rows):
            dataset.append(next(reader))
    result = People().import_data(dataset, raise_errors=True)
    assert result.totals["new"] == rows, result.totals
    return rows / (time.perf_counter() - began)


def without_checks(path, rows):
    from django.db import transaction

    from octopush_django.contacts import importer, storing
    from octopush_django.models import ContactImport, ContactList

    began = time.perf_counter()
    run = ContactImport.objects.create(
        file_name="x", contact_list=ContactList.objects.create(name="Unchecked")
    )
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=";")
        next(reader)
        people = []
        for place, (first, last, _number, email, town, _consent) in enumerate(reader):
            values = f'{{"ville": "{town}"}}'
            people.append((
                f"+336{10_000_000 + place:08d}", "mobile", email, first, last, values, "{}",
                "given", None, "", "unknown", None, "", False,
            ))  # fmt: skip
            if len(people) == importer.SLICE:
                with transaction.atomic():
                    storing.store(people, run)
                people = []
        if people:
            with transaction.atomic():
                storing.store(people, run)
    return rows / (time.perf_counter() - began)


def by_importer(path, rows, *, again=False):
    from octopush_django.contacts.importer import import_contacts

    began = time.perf_counter()
    report = import_contacts(path, "Clients", refused_path=path.with_suffix(".refused"))
    assert (report.unchanged if again else report.created) == rows, report
    return rows / (time.perf_counter() - began)


def peak(path):
    """Highest resident memory, in kB, of a process that imports this file."""
    done = subprocess.run(
        [sys.executable, __file__, "import", str(path)], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def import_alone(path):
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django

    django.setup()
    from octopush_django.contacts.importer import import_contacts

    import_contacts(path, Path(path).stem, refused_path=f"{path}.refused")
    print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def main(rows=100_000, peer_rows=5_000, large=1_000_000):
    from benchmarks import setup

    kind = setup.begin()
    directory = tempfile.TemporaryDirectory()
    path = write(Path(directory.name) / "contacts.csv", rows)
    print(f"{kind}: {rows} rows, import-export on {peer_rows}")
    ratios = {"peer": [], "unchecked": [], "again": []}
    for _ in range(PAIRS):
        forget()
        peer = by_import_export(path, peer_rows)
        forget()
        unchecked = without_checks(path, rows)
        forget()
        ours = by_importer(path, rows)
        again = by_importer(path, rows, again=True)
        ratios["peer"].append(ours / peer)
        ratios["unchecked"].append(ours / unchecked)
        ratios["again"].append(again / ours)
        print(
            f"  import-export {peer:.0f}/s, unchecked {unchecked:.0f}/s, importer {ours:.0f}/s,"
            f" again {again:.0f}/s", flush=True,
        )  # fmt: skip
    for name, wanted in (("peer", 30), ("unchecked", 0.8), ("again", 0.6)):
        print(f"  median ratio to {name}: {statistics.median(ratios[name]):.2f}, wanted {wanted}")
    if large:
        forget()
        small = peak(write(Path(directory.name) / "small.csv", 10_000))
        much = peak(write(Path(directory.name) / "large.csv", large))
        print(f"  memory: 10000 rows {small / 1024:.1f} MB, {large} rows {much / 1024:.1f} MB")
        print(f"  ratio {much / small:.3f}, wanted at most 1.10")


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        import_alone(sys.argv[2])
    else:
        main(*map(int, sys.argv[1:]))
