"""``send_campaign(recipients=[…])`` with 100,000 numbers as text, against reading them alone.

The peer parses and validates each number once by the phonenumbers library, and stores nothing.
The limit is ten seconds. Prints every pair; usage: python benchmarks/bench_literals.py [people].
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup

PAIRS, LIMIT = 3, 10.0


def main(people=100_000):
    kind = setup.begin()
    import phonenumbers

    from octopush_django.campaigns import send_campaign

    literals = [f"06 {i // 10**6:02d} {i // 10**4 % 100:02d} {i // 100 % 100:02d} {i % 100:02d}"
                for i in range(10_000_000, 10_000_000 + people)]  # fmt: skip
    print(f"{kind}: {people} numbers as text")
    taken, ratios = [], []
    for _ in range(PAIRS):
        began = time.perf_counter()
        for text in literals:
            number = phonenumbers.parse(text, "FR")
            assert phonenumbers.is_valid_number(number)
            phonenumbers.number_type(number)
        peer = time.perf_counter() - began
        began = time.perf_counter()
        campaign = send_campaign(text="Bonjour", purpose="alert", recipients=literals)
        taken.append(time.perf_counter() - began)
        assert campaign.recipients.count() == people
        ratios.append(taken[-1] / peer)
        print(
            f"  read alone {peer:.1f} s, frozen {taken[-1]:.1f} s, {ratios[-1]:.2f} times",
            flush=True,
        )
    print(f"  median {statistics.median(taken):.1f} s, limit {LIMIT:.0f} s;"
          f" {statistics.median(ratios):.2f} times")  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
