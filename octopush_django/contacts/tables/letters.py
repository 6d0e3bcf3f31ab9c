"""Whether a word with accents looks like one of Western Europe.

The same bytes spell other letters in each encoding: ``Zo\\xe9`` is *Zoé* in Windows-1252 and *ZoÈ*
in MacRoman. Read in the wrong one, words get capitals after small letters, signs between letters,
and letters in places where French, German, Spanish and Italian have none.
"""

import re
from collections.abc import Iterable

ODD, STRANGE, IMPOSSIBLE = 2, 6, 12
"""Points against a reading, for one word."""

_SMALL = "àâäáçéèêëîïíìñöôóòœùúûüßãõåæøýÿšž"
_CAPITAL = "ÀÂÄÁÇÉÈÊËÎÏÍÌÑÖÔÓÒŒÙÚÛÜÃÕÅÆØÝŸŠŽ"
_RARE = "ãõåæøýÿšžÃÕÅÆØÝŸŠŽ"
_ACCENTED = _SMALL + _CAPITAL
_LETTER = f"A-Za-z{_ACCENTED}"
_SIGNS = "€£°ºª«»’‘“”„‚‹›…–—·•²³¹™®©¿¡§½¼¾±×µ\xa0"
"""Signs that people write, beside letters or apart from them."""


_PATTERNS = {
    IMPOSSIBLE: [
        rf"[^0-9{_LETTER}{_SIGNS}'’]",
        rf"[a-z{_SMALL}][{_CAPITAL}]",
        rf"[{_ACCENTED}]{{3}}",
        rf"[{_LETTER}][‚„‹“«¿¡•§½¼¾±×µ£]",
        rf"[{_LETTER}]{{2}}‘(?=[{_LETTER}])",
        rf"[”»›™®©°ºª²³¹½¼¾±×µ£](?=[{_LETTER}])",
        rf"[{_LETTER}](?:[–—](?=[a-z{_SMALL}])|—)",
        rf"[ìùÌÙ](?=[{_LETTER}])",
        r"(?<![aeiouyäöüAEIOUYÄÖÜ])ß",
    ],
    STRANGE: [
        rf"[{_LETTER}][–·]|[…€·](?=[{_LETTER}])",
        rf"[A-Z{_CAPITAL}][{_CAPITAL}](?=[a-z{_SMALL}])",
    ],
    ODD: [
        f"[{_RARE}]",
        rf"[àòÀÒ](?=[{_LETTER}])",
        r"(?<![aeiouyéAEIOUYÉ])[ëïËÏ]",
        r"[çÇ](?![aouâôûéAOUÂÔÛÉ])",
        r"[œŒ](?![uiUI])",
        r"[aoeAOE][áÁ]|[aoAO][óÓ]|[iu]á$|[oO][ôÔ]|[îÎ](?=[aeiouAEIOU])|^È|^Ú(?!r|n)|^î(?!l)",
        rf"^[b-df-hj-np-tv-z]í[aeiou](?=[{_LETTER}]{{3}})",
        rf"[{_LETTER}]{{3}}[’‘](?=[{_LETTER}])|^[A-Z][’‘](?=[a-z{_SMALL}])",
        rf"[{_LETTER}][\xa0€²³](?=[{_LETTER}])|(?<=[{_LETTER}])…|[ln-zLN-Z][²³¹]",
        rf"[0-9][{_ACCENTED}]|[{_ACCENTED}][0-9]",
        rf"^(?![àÀÉ])[{_ACCENTED}]$",
        rf"[A-Z{_CAPITAL}]{{2}}[{_SMALL}]|[{_SMALL}][A-Z{_CAPITAL}]",
    ],
}
_COMPILED = {
    IMPOSSIBLE: [re.compile("|".join(_PATTERNS.pop(IMPOSSIBLE)))],
    **{found: list(map(re.compile, patterns)) for found, patterns in _PATTERNS.items()},
}


def points(word: str) -> int:
    """0 for a word as Western Europe writes it; the more, the stranger it is."""
    total = 0
    for found, patterns in _COMPILED.items():
        for pattern in patterns:
            if pattern.search(word):
                total += found
                if found == IMPOSSIBLE:
                    return found
    return total


def against(words: Iterable[str]) -> tuple[int, list[str]]:
    """All points against these words, and the impossible ones among them."""
    total, impossible = 0, []
    for word in words:
        found = points(word)
        total += found
        if found >= IMPOSSIBLE:
            impossible.append(word)
    return total, impossible
