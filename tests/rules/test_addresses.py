"""Addresses: one spelling each, and where their lengths end."""

from octopush_django.rules.addresses import canonical_email


def test_the_longest_address():
    """254 characters (RFC 5321, 4.5.3.1.3)."""
    domain = ".".join(["d" * 60] * 3)
    local = "a" * 64
    longest = f"{local}@{domain}.{'e' * (254 - len(local) - len(domain) - 2)}"
    assert len(longest) == 254
    assert canonical_email(longest) == longest
    assert canonical_email(f"{longest}e") is None
