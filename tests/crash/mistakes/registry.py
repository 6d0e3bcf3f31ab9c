"""Where mistakes are registered, with the runs that should show them."""

from octopush_django.sending import settlement

CALL = "octopush_django.backends.octopush:OctopushBackend.send"
SETTLE = "octopush_django.sending.settlement:settle"
APPLY = "octopush_django.inbound.apply:apply_batch"
RECEIVE = "octopush_django.inbound.store:receive"
NOWHERE = "octopush_django.inbound.tickets:_accept"

MUTANTS = []


def mutant(*runs):
    """Register a mistake, with the runs that should show it: (mode, step, when, hit)."""

    def register(mistake):
        MUTANTS.append((mistake, runs))
        return mistake

    return register


def never(mode, **more):
    """A run with late reports in which nothing is killed (no step is reached that often)."""
    return (mode, NOWHERE, "before", 1000, more)


def wrap(holder, name, make):
    setattr(holder, name, make(getattr(holder, name)))


def decide_otherwise(change):
    """Replace the table: ``change(state, answer, ambiguous)`` may return another state."""

    def make(original):
        def decide(answer, **facts):
            state = original(answer, **facts)
            return change(state, answer, facts["ambiguous"]) or state

        return decide

    wrap(settlement, "decide", make)
