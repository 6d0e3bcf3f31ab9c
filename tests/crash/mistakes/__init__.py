"""Deliberate mistakes, by the part of the code that they are made in."""

from . import (  # noqa: F401
    claims_and_leases,
    hosts,
    inbound,
    money,
    opt_outs,
    request_ids,
    retries,
)
from .registry import MUTANTS

__all__ = ["MUTANTS"]
