"""When a client's next release is due: one pure function of configuration, edits, last manifest, time and runs.

A release learns from complete months, so what counts towards it are the edits of the months after the last
release up to the last complete one; edits of the running month count for the release after that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from support_pipeline.attempts import FIRST_WAIT, Attempt, clock, going, next_try, told
from support_pipeline.clients import Release
from support_pipeline.stages.months import last_complete_month, months_between, window

CADENCE_MONTHS: Mapping[str, int] = {"monthly": 1, "quarterly": 3}
LEAST_JUDGED = 30
"""Decisions below which a share of approvals says nothing."""


@dataclass(frozen=True)
class Decided:
    """What agents did with drafts in one month."""

    approved: int = 0
    corrected: int = 0
    """Edited or rejected, and meant to be learned from."""
    other: int = 0

    @property
    def total(self) -> int:
        """All decisions."""
        return self.approved + self.corrected + self.other

    def __add__(self, more: "Decided") -> "Decided":
        return Decided(
            self.approved + more.approved, self.corrected + more.corrected, self.other + more.other
        )


@dataclass(frozen=True)
class LastRelease:
    """What the newest successful release's manifest says."""

    as_of: str
    created_at: datetime


@dataclass(frozen=True)
class Refused:
    """A release that was made and judged, and that its decision keeps from going live."""

    as_of: str
    reason: str


@dataclass(frozen=True)
class Standing:
    """All that is known of a client when the question is asked.

    `history` are the months with filtered_pairs, `decided` the decisions by month, `attempts` the release
    runs for the last complete month, `busy` a run of the client that is going for something else.
    `stale_pairs` are trained pairs that state a policy which changed since the last release; None when
    nobody asked for them to be counted.
    """

    history: frozenset[str] = frozenset()
    decided: Mapping[str, Decided] = field(default_factory=dict)
    last: LastRelease | None = None
    refused: Refused | None = None
    attempts: Sequence[Attempt] = ()
    busy: str | None = None
    stale_pairs: int | None = None


@dataclass(frozen=True)
class Due:
    """Whether a release starts now, as of which month, as which try, and why or why not."""

    start: bool
    as_of: str
    reason: str
    attempt: int = 0
    new_edits: int = 0


def due(config: Release, standing: Standing, now: datetime, first_wait: timedelta = FIRST_WAIT) -> Due:
    """Whether a client's next release starts now. `now` is UTC; `first_wait` follows a first failure."""
    as_of = last_complete_month(now)
    edits = new_edits(standing, as_of)

    def answer(start: bool, reason: str) -> Due:
        return Due(start, as_of, reason, len(standing.attempts), edits)

    wanted, reason = _wanted(config, standing, as_of)
    if not wanted:
        return answer(False, reason)
    held = _held(config, standing, as_of, now, first_wait)
    return answer(False, f"{reason}; {held}") if held else answer(True, _tried(standing, reason))


def new_edits(standing: Standing, as_of: str) -> int:
    """Corrections that a release as of a month would learn from and the last release did not."""
    after = standing.last.as_of if standing.last else ""
    return sum(counts.corrected for month, counts in standing.decided.items() if after < month <= as_of)


def _wanted(config: Release, standing: Standing, as_of: str) -> tuple[bool, str]:
    """Whether there is a reason for a release as of that month, whatever stands in its way."""
    last = standing.last
    if last is None:
        return True, "no release yet"
    elapsed = months_between(last.as_of, as_of)
    if elapsed <= 0:
        return False, f"release {last.as_of} is of the last complete month"
    for reason in (_drop(config, standing, as_of), _stale(config, standing)):
        if reason:
            return True, reason
    return _elapsed(config, standing, last, as_of)


def _elapsed(config: Release, standing: Standing, last: LastRelease, as_of: str) -> tuple[bool, str]:
    cadence, elapsed = CADENCE_MONTHS[config.cadence], months_between(last.as_of, as_of)
    edits = new_edits(standing, as_of)
    later = sum(counts.corrected for month, counts in standing.decided.items() if month > as_of)
    more = f" ({later} more this month, for the next one)" if later else ""
    counted = f"{edits} of {config.min_new_edits} new edits from {last.as_of} to {as_of}{more}"
    if elapsed < cadence:
        return (
            False,
            f"{elapsed} of {cadence} months since release {last.as_of} ({config.cadence}); {counted}",
        )
    if edits < config.min_new_edits:
        return False, f"{config.cadence} cadence has elapsed since release {last.as_of}; {counted}"
    return True, f"{config.cadence} cadence has elapsed since release {last.as_of}; {counted}"


def _drop(config: Release, standing: Standing, as_of: str) -> str | None:
    """The reason when agents approve a smaller share than the client allows, beyond chance."""
    if config.min_approval_share is None or standing.last is None:
        return None
    from support_pipeline.model.verdict.shares import upper_bound  # scipy: only for those who ask

    seen = sum(
        (counts for month, counts in standing.decided.items() if standing.last.as_of < month <= as_of),
        Decided(),
    )
    if seen.total < LEAST_JUDGED or upper_bound(seen.approved, seen.total) >= config.min_approval_share:
        return None
    return (
        f"agents approved {seen.approved} of {seen.total} drafts since release {standing.last.as_of}, "
        f"below {config.min_approval_share:.0%} beyond chance"
    )


def _stale(config: Release, standing: Standing) -> str | None:
    """The reason when a policy change made more trained pairs stale than the client allows."""
    allowed, stale = config.max_stale_pairs, standing.stale_pairs
    if allowed is None or stale is None or stale <= allowed:
        return None
    return f"a policy change made {stale} trained pairs stale, more than {allowed}"


def _held(
    config: Release, standing: Standing, as_of: str, now: datetime, first_wait: timedelta
) -> str | None:
    """What keeps a wanted release from starting now."""
    current = going(standing.attempts)
    if current is not None:
        return f"run {current.run_id[:8]} is going"
    if standing.busy:
        return f"waiting for run {standing.busy}"
    missing = [month for month in _needed(config, standing, as_of) if month not in standing.history]
    if missing:
        return f"waiting for the history of {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}"
    if standing.refused and standing.refused.as_of == as_of:
        return f"release {as_of} was made and not promoted: {standing.refused.reason}"
    return _tries(standing, as_of, now, first_wait)


def _tries(standing: Standing, as_of: str, now: datetime, first_wait: timedelta) -> str | None:
    newest = max(standing.attempts, key=lambda attempt: attempt.at, default=None)
    if newest is not None and newest.outcome == "canceled":
        return f"a person canceled release {as_of} ({newest.run_id[:8]}); launch it by hand, or the next month will"
    after = next_try(standing.attempts, first_wait)
    if after is not None and now < after:
        return f"{told(standing.attempts)}; next try after {clock(after)}"
    return None


def _needed(config: Release, standing: Standing, as_of: str) -> list[str]:
    """The months without whose history a release would be made from less than it should."""
    months = window(as_of, config.window_months)
    return [month for month in months if standing.last is None or month > standing.last.as_of]


def _tried(standing: Standing, reason: str) -> str:
    return f"{reason}; try {len(standing.attempts) + 1}" if standing.attempts else reason
