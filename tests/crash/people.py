"""Who is in the campaign of a run, by number."""

PEOPLE = 10
STOPS = {1, 7}
REPLIES = {2}
OPTS_OUT_EARLY = 4


def number(index):
    return f"+336{20_000_000 + index:08d}"
