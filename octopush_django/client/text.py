"""Text from outside, as any database stores it."""


def storable(value: object, longest: int | None = None) -> str:
    """``value`` as text of at most ``longest`` characters, without NUL and lone surrogates."""
    text = str(value)[:longest].replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8")


def is_storable(text: str) -> bool:
    """Whether ``text`` holds no NUL and no lone surrogate."""
    return storable(text) == text
