"""HTML of an e-mail as a page may show it: rebuilt from a list of harmless tags.

It is shown in a sandboxed frame besides. Nothing is loaded and nothing can be clicked: where a
link leads and what a picture says stand in brackets instead.
"""

from html import escape
from html.parser import HTMLParser

_KEPT = frozenset(
    "a abbr address b blockquote br caption center code dd div dl dt em font h1 h2 h3 h4 h5 h6 hr "
    "i li ol p pre s small span strong sub sup table tbody td tfoot th thead tr u ul".split()
)
_UNSEEN = frozenset(
    "applet audio canvas embed frameset iframe math noscript object script select style svg "
    "template textarea title video".split()
)
_LONE = frozenset({"br", "hr"})
_ATTRIBUTES = frozenset({"align", "colspan", "rowspan"})


def harmless(html: str) -> str:
    """``html`` without anything that runs, loads, leads elsewhere or hides."""
    cleaner = _Cleaner(convert_charrefs=True)
    cleaner.feed(html)
    cleaner.close()
    return "".join(cleaner.kept)


class _Cleaner(HTMLParser):
    def __init__(self, **options: bool) -> None:
        super().__init__(**options)
        self.kept: list[str] = []
        self._unseen: list[str] = []
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen.append(tag)
        if self._unseen:
            return
        given = dict(attrs)
        if tag == "img":
            self.kept.append(f"[{escape(given.get('alt') or '…')}]")
        if tag not in _KEPT:
            return
        if tag == "a":
            self._links.append(given.get("href") or "")
        harmless_ones = ((name, value) for name, value in given.items() if name in _ATTRIBUTES)
        kept = "".join(f' {name}="{escape(value or "")}"' for name, value in harmless_ones)
        self.kept.append(f"<{tag}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            # Whatever was opened within it and never closed ends with it.
            del self._unseen[self._unseen.index(tag) :]
            return
        if self._unseen or tag not in _KEPT or tag in _LONE:
            return
        self.kept.append(f"</{tag}>")
        if tag == "a" and self._links and (link := self._links.pop()):
            self.kept.append(f" [{escape(link)}]")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.kept.append(escape(data, quote=False))
