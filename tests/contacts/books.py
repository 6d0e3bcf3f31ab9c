"""Workbooks by hand: what no library would write."""

import zipfile
from itertools import chain

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(path, rows, texts=(), start=""):
    """A workbook whose sheet and shared texts are written from streams of XML."""
    relations = "".join(
        f'<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(
            [("worksheet", "sheet1.xml"), ("sharedStrings", "texts.xml")]
        )
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="A" r:id="r0"/></sheets></workbook>',
        )
        for name, root, parts in [
            ("sheet1.xml", "worksheet", chain(["<sheetData>"], rows, ["</sheetData>"])),
            ("texts.xml", "sst", texts),
        ]:
            with archive.open(f"xl/{name}", "w", force_zip64=True) as part:
                part.write(f'{start}<{root} xmlns="{MAIN}">'.encode())
                block = []
                for piece in parts:
                    block.append(piece)
                    if len(block) >= 5000:
                        part.write("".join(block).encode())
                        block.clear()
                part.write(f"{''.join(block)}</{root}>".encode())
    return path
