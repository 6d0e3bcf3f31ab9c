"""The sandbox's own small page."""

from html import escape
from typing import Any

_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>Octopush sandbox</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;
max-width:60rem;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;
padding:.3rem .6rem;border-bottom:1px solid #8886;vertical-align:top}</style></head><body>"""


def render(summary: dict[str, Any]) -> str:
    """The page: figures, what would have been bent, the last requests."""
    figures = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(str(summary[key]))}</td></tr>"
        for name, key in (
            ("Balance, euros", "balance"),
            ("Spent, euros", "spent"),
            ("Requests", "requests"),
            ("Sendings accepted", "accepted"),
            ("People in them", "people"),
            ("Callbacks", "callbacks"),
        )
    )
    bent = "".join(
        f"<li>Request {item['request']}: {escape(item['what'])}</li>" for item in summary["bent"]
    )
    rows = "".join(_row(number, entry) for number, entry in _newest(summary["log"]))
    return (
        f"{_HEAD}<h1>Octopush sandbox</h1><p>Nothing leaves this machine.</p>"
        f"<table><caption>Account</caption>{figures}</table>"
        f"<h2>What the real gateway would have bent</h2>"
        f"{f'<ul>{bent}</ul>' if bent else '<p>Nothing.</p>'}"
        f"<h2>Last requests</h2><table><tr><th scope='col'>#</th><th scope='col'>Path</th>"
        f"<th scope='col'>Answer</th><th scope='col'>People</th><th scope='col'>Text</th></tr>"
        f"{rows}</table><p>As JSON: <a href='?format=json'>?format=json</a></p></body></html>"
    )


def _newest(log: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(log, 1))[-50:][::-1]


def _row(number: int, entry: dict[str, Any]) -> str:
    answer = f"{entry['status']} {entry.get('ticket') or entry.get('code') or ''}"
    fault = f" (fault: {entry['fault']})" if entry.get("fault") else ""
    return (
        f"<tr><td>{number}</td><td>{escape(entry['path'])}</td>"
        f"<td>{escape(answer + fault)}</td><td>{len(entry.get('recipients', ()))}</td>"
        f"<td>{escape(str(entry.get('text', ''))[:200])}</td></tr>"
    )
