"""What people read about the columns of a file: why a column is what it is, what is asked."""

from django.utils.translation import gettext as _


def reasons() -> dict[str, str]:
    """Why a column is what it is: a code -> a short sentence."""
    return {
        "said": _("said by you"),
        "title": _("the title says so"),
        "known": _("a field of yours has this name"),
        "numbers": _("its cells are mobile numbers"),
        "emails": _("its cells are e-mail addresses"),
        "cells": _("its cells say so"),
        "unknown": _("unknown title: kept as a field of its own"),
        "no_numbers": _("no phone number in its cells: kept as a field of its own"),
        "no_emails": _("no e-mail address in its cells: kept as a field of its own"),
        "somebody": _("about somebody else: kept as a field of its own"),
        "second": _("another column is used for this: kept as a field of its own"),
        "not_ours": _("no consent to SMS or e-mail of yours: kept as a field of its own"),
        "asked": _("a person must say what this is"),
    }


def questions() -> dict[str, str]:
    """What is unclear about the column ``%(title)s``: a code -> a sentence or two."""
    return {
        "title": _("“%(title)s” seems to be about consent, but not plainly to advertising."),
        "cells": _(
            "“%(title)s” seems to be about consent, but some of its cells are neither yes nor no "
            "(%(examples)s)."
        ),
        "dates": _("“%(title)s” seems to hold dates of consent, but its cells are no dates."),
        "channel": _(
            "“%(title)s” seems to be about consent, but may mean SMS, e-mail or something else."
        ),
        "two": _(
            "“%(title)s” speaks of SMS and of e-mail. A column is read as one of them; add a "
            "second one to the file to import both."
        ),
        "both": _("“%(title)s”: *yes* may mean consent here, or the contrary."),
        "number": _("“%(title)s” may hold phone numbers (%(examples)s), but that is not sure."),
        "country": _(
            "“%(title)s” may say which country a number is of, but its cells are not plain "
            "(%(examples)s)."
        ),
        "countries": _(
            "“%(title)s” and “%(other)s” name different countries in one row, and the numbers may "
            "be of either."
        ),
        "area": _(
            "“%(title)s” may be the calling code of the country or the first digits of the number "
            "(%(examples)s)."
        ),
        "no_titles": _(
            "The first line seems to be a person and not the titles: “%(title)s”. Say what this "
            "column is, and this line is imported like the others; or write titles above it."
        ),
        "two_columns": _("Two columns are called “%(title)s”, and their cells differ."),
        "nothing": _("The file has no columns."),
        "nothing_to_reach": _(
            "No column holds phone numbers or e-mail addresses. The columns are: %(titles)s. "
            "Write “Téléphone” or “E-mail” above the right one, or say which it is."
        ),
    }


def quoted(text: str) -> str:
    """A text of the file within a sentence."""
    return _("“%(text)s”") % {"text": text}


def position(index: int) -> str:
    """What a column without a title is called."""
    return _("column %(number)d") % {"number": index + 1}
