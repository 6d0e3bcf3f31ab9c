"""Did anything go wrong? One pure function over the gateway's log and our tables.

The words are Jepsen's: *lost* (we say sent, nobody got it), *duplicated*, *unexpected* (sent, yet
we say not), *recovered* (the answer was lost, and yet we know).
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise


@dataclass
class History:
    """Everything that both sides know after a run."""

    log: list
    spent: Decimal
    campaigns: list
    frames: list
    attempts: list
    recipients: list
    opt_outs: dict
    acknowledged: list
    events: list
    replies: list
    tallies: list
    dropped: dict
    most_at_once: int
    bound: int | None
    restored: bool


@dataclass
class Findings:
    violations: list = field(default_factory=list)
    recovered: int = 0
    undecided: int = 0

    def that(self, is_true, words):
        if not is_true:
            self.violations.append(words)


BY_LIST = {"excluded_list", "left_lists"}
MAY_HAVE_LEFT = {"accepted", "uncertain", "undecided", "sending"}


def check(history):
    findings = Findings()
    taken = [entry for entry in history.log if entry["accepted"]]
    frame_of = {attempt["request_id"]: attempt["frame_id"] for attempt in history.attempts}
    frames = {frame["id"]: frame for frame in history.frames}
    _nobody_twice(findings, taken)
    _at_once(findings, history)
    if history.restored:
        # Our tables know nothing of what left since the backup.
        _waits_for_a_person(findings, history)
        return findings
    _intent_first(findings, history, frame_of)
    _lost_and_unexpected(findings, history, taken, frame_of, frames)
    _bodies_only_shrink(findings, history)
    _opt_outs(findings, history)
    _drops(findings, history)
    _money(findings, history, taken, frame_of, frames)
    _ends(findings, history)
    _inbound(findings, history)
    _sums(findings, history)
    findings.undecided = sum(frame["status"] == "undecided" for frame in history.frames)
    return findings


def _nobody_twice(findings, taken):
    people = Counter(number for entry in taken for number in entry["recipients"])
    twice = [number for number, times in people.items() if times > 1]
    findings.that(not twice, f"duplicated: {twice}")


def _at_once(findings, history):
    most, bound = history.most_at_once, history.bound
    findings.that(bound is None or most <= bound, f"{most} calls at once, {bound} are allowed")


def _waits_for_a_person(findings, history):
    """Of a backup from before it left nothing leaves by itself."""
    states = [(campaign["status"], campaign["reason_code"]) for campaign in history.campaigns]
    findings.that(states == [("paused", "silence")], f"after the backup it is {states}")


def _intent_first(findings, history, frame_of):
    unknown = {entry["request_id"] for entry in history.log} - set(frame_of)
    findings.that(not unknown, f"called without an intent on disk: {unknown}")
    calls = Counter(entry["request_id"] for entry in history.log)
    intents = Counter(attempt["request_id"] for attempt in history.attempts)
    more = [key for key in calls if calls[key] > intents[key]]
    findings.that(not more, f"more calls than intents: {more}")


def _lost_and_unexpected(findings, history, taken, frame_of, frames):
    got = {number: entry for entry in taken for number in entry["recipients"]}
    left_out = {number for attempt in history.attempts for number in attempt["left_out"]}
    kept = {person["frame_id"] for person in history.recipients if not person["exclusion"]}
    for person in history.recipients:
        frame = frames.get(person["frame_id"])
        if frame is None:
            continue
        has_it = person["address"] in got
        if not person["exclusion"] and frame["status"] == "accepted":
            findings.that(has_it, f"lost: {person['address']} in frame {frame['id']}")
        if has_it and frame["status"] not in MAY_HAVE_LEFT:
            findings.that(False, f"unexpected: {person['address']}, frame {frame['status']}")
        if has_it and person["exclusion"]:
            # Where nobody is left for a repeat there is none: no attempt to write it on.
            told = person["address"] in left_out or frame["id"] not in kept
            findings.that(told, f"unexpected: {person['address']} left out")
    for frame in history.frames:
        lost_answer = frame["status"] == "accepted" and frame["ambiguous"] is False and (
            any(a["frame_id"] == frame["id"] and a["outcome"] == "uncertain"
                for a in history.attempts)
        )  # fmt: skip
        findings.recovered += lost_answer


def _bodies_only_shrink(findings, history):
    bodies = defaultdict(list)
    for entry in history.log:
        bodies[entry["request_id"]].append(set(entry["recipients"]))
    for key, seen in bodies.items():
        shrinks = all(later <= earlier for earlier, later in pairwise(seen))
        findings.that(shrinks, f"the body of {key} grew")


def _opt_outs(findings, history):
    """Each call with an opted-out person belongs to a claim made before the opt-out."""
    for number, opted_out_at in history.opt_outs.items():
        calls = Counter(
            entry["request_id"] for entry in history.log if number in entry["recipients"]
        )
        claims = Counter(
            attempt["request_id"]
            for attempt in history.attempts
            if attempt["started_at"] <= opted_out_at
        )
        late = [key for key in calls if calls[key] > claims[key]]
        findings.that(not late, f"sent to {number} after the opt-out: {late}")


def _drops(findings, history):
    """Who must not get it any more is in no first call claimed since; in a repeat, by the reason.

    Whom a list alone leaves out may have it already: a repeat holds them still.
    """
    attempts_of = defaultdict(list)
    for attempt in history.attempts:
        attempts_of[attempt["frame_id"]].append(attempt)
    for person in history.recipients:
        code, _ = history.dropped.get(person["address"], ("", None))
        if code in BY_LIST and person["exclusion"] == code:
            stayed = not _left_a_repeat(person["address"], attempts_of[person["frame_id"]])
            findings.that(stayed, f"{code} took {person['address']} out of a repeat")
    for number, (code, dropped_at) in history.dropped.items():
        late = {
            attempt["request_id"]
            for frame_attempts in attempts_of.values()
            for attempt in _claimed_since(frame_attempts, dropped_at, code)
        }
        claimed_before = Counter(
            attempt["request_id"] for attempt in history.attempts
            if attempt["started_at"] <= dropped_at
        )  # fmt: skip
        calls = Counter(e["request_id"] for e in history.log if number in e["recipients"])
        wrong = [key for key in late if calls[key] > claimed_before[key]]
        findings.that(not wrong, f"sent to {number} though {code}: {wrong}")


def _left_a_repeat(address, attempts):
    """Whether somebody of a frame that may have left was not left out before it did.

    Where nobody is left for the repeat there is none: what matters is that they are gone.
    """
    outcomes = [attempt["outcome"] for attempt in attempts]
    if "uncertain" not in outcomes:
        return False
    until_then = attempts[: outcomes.index("uncertain") + 1]
    return not any(address in attempt["left_out"] for attempt in until_then)


def _claimed_since(attempts, moment, code):
    """Attempts of a frame in which nobody dropped at ``moment`` may be."""
    since = [attempt for attempt in attempts if attempt["started_at"] > moment]
    if code in BY_LIST and len(since) < len(attempts):
        return [] if any(a["outcome"] == "uncertain" for a in attempts) else since
    return since


def _money(findings, history, taken, frame_of, frames):
    known = Decimal(0)
    for entry in taken:
        frame = frames[frame_of[entry["request_id"]]]
        cost = Decimal(entry["cost"])
        if frame["status"] == "accepted" and not frame["cost_is_estimate"]:
            findings.that(frame["cost"] == cost, f"frame {frame['id']}: {frame['cost']} ≠ {cost}")
            known += cost
        else:
            findings.that(
                frame["status"] in MAY_HAVE_LEFT, f"frame {frame['id']} was billed and forgotten"
            )
    findings.that(known <= history.spent, "more on our ledger than was spent")
    booked = sum(
        frame["cost"] for frame in history.frames
        if frame["status"] == "accepted" and not frame["cost_is_estimate"] and frame["cost"]
    )  # fmt: skip
    findings.that(booked == known, f"booked {booked}, billed {known}")


def _ends(findings, history):
    open_attempts = [attempt["id"] for attempt in history.attempts if not attempt["outcome"]]
    findings.that(not open_attempts, f"attempts still open: {open_attempts}")
    statuses = Counter(frame["status"] for frame in history.frames)
    # Behind a pilot that a person must decide on, the others wait, and the campaign says so.
    asks = statuses["undecided"] and all(
        c["reason_code"] == "undecided" for c in history.campaigns
    )
    moving = statuses["sending"] + statuses["uncertain"] + (0 if asks else statuses["pending"])
    findings.that(not moving, f"never ended: {dict(statuses)}")
    for campaign in history.campaigns:
        over = campaign["status"] in ("sent", "failed", "cancelled")
        findings.that(over or campaign["reason_code"], "a campaign stands still without a reason")
        if over:
            findings.that(not statuses["undecided"], "over, though a frame is undecided")
        if campaign["status"] == "sent":
            findings.that(statuses["accepted"], "sent, though nothing was accepted")
        findings.that(campaign["reason_code"] != "preparing", "never prepared")
    people = Counter(person["address"] for person in history.recipients if not person["exclusion"])
    findings.that(all(times == 1 for times in people.values()), "a number twice in one campaign")
    for frame in history.frames:
        members = sum(
            1 for person in history.recipients
            if person["frame_id"] == frame["id"]
        )  # fmt: skip
        findings.that(members == frame["size"], f"frame {frame['id']} has {members} people")


def _inbound(findings, history):
    """What was acknowledged is stored, applied once, and did what it says."""
    states = {event["digest"]: event["state"] for event in history.events}
    undecided = {frame["id"] for frame in history.frames if frame["status"] == "undecided"}
    to_decide = {p["address"] for p in history.recipients if p["frame_id"] in undecided}
    reported = {person["address"]: person["status"] for person in history.recipients}
    tickets = {frame["ticket"] for frame in history.frames}
    taken = {entry["ticket"]: entry for entry in history.log if entry["accepted"]}
    others = {frame["ticket"] for frame in history.frames
              if frame["ticket"] and frame["id"] not in _of_one(history)} - set(taken)  # fmt: skip
    findings.that(not others, f"tickets of others: {others}")
    replies = Counter(reply["address"] for reply in history.replies)
    for note in history.acknowledged:
        state = states.get(note["digest"])
        findings.that(state is not None, f"an acknowledged event is gone: {note}")
        known = note["ticket"] in tickets
        if (
            note["kind"] == "report"
            and not known
            and len(taken[note["ticket"]]["recipients"]) == 1
        ):
            # The only report of a frame that shrank, or that took another's for its own.
            continue
        if note["kind"] == "report" and note["number"] in to_decide:
            # Shown to the person who decides; it decides nothing itself.
            findings.that(state in ("applied", "unmatched"), f"report {note} is {state}")
            continue
        if note["kind"] == "report" or known:
            findings.that(state == "applied", f"{note['kind']} of {note['number']} is {state}")
        if note["kind"] == "opt_out":
            findings.that(note["number"] in history.opt_outs, f"no opt-out of {note['number']}")
        if note["kind"] == "report":
            findings.that(
                reported.get(note["number"]) == "delivered",
                f"{note['number']} is {reported.get(note['number'])}",
            )
        if note["kind"] == "reply":
            findings.that(replies[note["number"]] == 1, f"{replies[note['number']]} replies")


def _of_one(history):
    """Frames of which no call held more than one person: a report is believed by itself."""
    most = defaultdict(int)
    frame_of = {attempt["request_id"]: attempt["frame_id"] for attempt in history.attempts}
    for entry in history.log:
        frame_id = frame_of[entry["request_id"]]
        most[frame_id] = max(most[frame_id], len(entry["recipients"]))
    return {frame_id for frame_id, people in most.items() if people <= 1}


def _sums(findings, history):
    """What a page adds up is what a count of the rows would give."""
    told = ("accepted", "delivered", "undelivered", "unknown")
    rows = Counter(
        (person["frame_id"], person["status"], person["status_raw"])
        for person in history.recipients
        if not person["exclusion"] and person["status"] in told
    )
    tallied = {(t["frame_id"], t["status"], t["word"]): t["people"] for t in history.tallies}
    findings.that(+Counter(tallied) == rows, f"tallied {tallied}, there are {dict(rows)}")
