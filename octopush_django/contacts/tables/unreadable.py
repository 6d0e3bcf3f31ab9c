"""Why a file cannot be read as a table, in words for a person."""

from django.utils.translation import gettext as _


class UnreadableFile(ValueError):
    """The file cannot be read as a table; its text says why, in words for a person.

    ``code`` is a short name of the reason for programs, such as ``too_large``.
    """

    def __init__(self, sentence: str, code: str = "unreadable") -> None:
        super().__init__(sentence)
        self.code = code


class DoubtfulEncoding(UnreadableFile):
    """Two encodings or more make sense of the file, and differ: a person has to choose.

    ``readings``: name of an encoding -> a line of the file as this encoding reads it. The lines
    are the same one, the first in which the readings differ.
    """

    def __init__(self, readings: dict[str, str]) -> None:
        lines = "; ".join(f"{name}: “{line}”" for name, line in readings.items())
        sentence = _("The accents of the file can be read in several ways: %(lines)s. Say which.")
        super().__init__(sentence % {"lines": lines}, "doubtful_encoding")
        self.readings = readings
