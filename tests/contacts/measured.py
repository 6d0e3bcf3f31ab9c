"""Read a file in a process of its own: what came of it, how long it took, how much memory."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, re, resource, sys, time
from pathlib import Path
from django.conf import settings
settings.configure(USE_I18N=False)
from octopush_django.contacts.tables.files import UnreadableFile, open_table
began, rows, said, code, remarks = time.monotonic(), 0, "", "", []
try:
    with open_table(Path(sys.argv[1])) as table:
        for line, cells in table.rows:
            rows += 1
        remarks = table.remarks
except UnreadableFile as error:
    said, code = str(error), error.code
# ru_maxrss of this process itself would hold what its parent had when it forked.
own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
peak = (own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1000
print(json.dumps([rows, code, said, remarks, time.monotonic() - began, peak]))
"""


@dataclass
class Outcome:
    """``megabytes``: of the process and its child together, at their highest."""

    rows: int
    code: str
    said: str
    remarks: list[str]
    seconds: float
    megabytes: float


def read(path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    return Outcome(*json.loads(done.stdout))
