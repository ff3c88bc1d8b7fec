"""When a release is due: one table of cases, and two years of a whole portfolio with failures and restarts."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support_pipeline.attempts import FIRST_WAIT, LONGEST_WAIT, Attempt, wait
from support_pipeline.clients import Release
from support_pipeline.retraining import CADENCE_MONTHS, Decided, LastRelease, Refused, Standing, due
from support_pipeline.stages.months import last_complete_month, months_between, window

NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)  # so the last complete month is 2026-09
LAST = LastRelease("2026-06", datetime(2026, 7, 2, tzinfo=UTC))
READY = Standing(
    history=frozenset(window("2026-09", 18)), decided={"2026-08": Decided(corrected=200)}, last=LAST
)
CONFIG = Release()


def failed(hours_ago: float) -> Attempt:
    return Attempt("failed", NOW - timedelta(hours=hours_ago), "f" * 32)


@pytest.mark.parametrize(
    ("config", "changes", "start", "reason"),
    [
        ({}, {}, True, "quarterly cadence has elapsed since release 2026-06; 200 of 200 new edits"),
        ({}, {"decided": {"2026-08": Decided(corrected=199)}}, False, "199 of 200 new edits from 2026-06"),
        ({}, {"decided": {"2026-08": Decided(approved=900)}}, False, "0 of 200"),
        ({}, {"decided": {"2026-06": Decided(corrected=900)}}, False, "0 of 200"),  # learned from already
        ({}, {"decided": {"2026-10": Decided(corrected=900)}}, False, "900 more this month, for the next"),
        ({}, {"last": replace(LAST, as_of="2026-07")}, False, "2 of 3 months since release 2026-07"),
        ({"cadence": "monthly"}, {"last": replace(LAST, as_of="2026-07")}, True, "monthly cadence"),
        ({"cadence": "monthly"}, {"last": replace(LAST, as_of="2026-09")}, False, "of the last complete month"),
        ({"min_new_edits": 0}, {"decided": {}}, True, "0 of 0 new edits"),
        # A first release asks for no edits, but for its whole history.
        ({}, {"last": None, "decided": {}}, True, "no release yet"),
        ({}, {"last": None, "history": frozenset({"2026-09"})}, False, "waiting for the history of 2025-04"),
        # Later ones ask for the months since the last.
        ({}, {"history": frozenset({"2026-07", "2026-08"})}, False, "waiting for the history of 2026-09"),
        ({}, {"history": frozenset({"2026-07", "2026-08", "2026-09"})}, True, "cadence"),
        # A run that is going, of this or another kind.
        ({}, {"attempts": [Attempt("going", NOW, "abcdef12")]}, False, "run abcdef12 is going"),
        ({}, {"busy": "12345678 (history_job)"}, False, "waiting for run 12345678 (history_job)"),
        # Failures: the wait doubles, then the next try begins.
        ({}, {"attempts": [failed(0.1)]}, False, "failed 1 times; next try after 2026-10-03 12:04 UTC"),
        ({}, {"attempts": [failed(0.2)]}, True, "try 2"),
        ({}, {"attempts": [failed(3), failed(0.3)]}, False, "failed 2 times"),
        ({}, {"attempts": [failed(3), failed(0.4)]}, True, "try 3"),
        ({}, {"attempts": [Attempt("canceled", NOW, "abcdef12")]}, False, "a person canceled release 2026-09"),
        # Judged and not promoted: trained once, and told.
        ({}, {"refused": Refused("2026-09", "worse"), "attempts": [failed(99)]}, False, "not promoted: worse"),
        ({}, {"refused": Refused("2026-08", "worse")}, True, "cadence"),
        # Sooner than the cadence: agents approve less, a policy has changed.
        (
            {"min_approval_share": 0.6, "min_new_edits": 999},
            {"decided": {"2026-09": Decided(approved=40, corrected=60)}},
            True,
            "approved 40 of 100 drafts since release 2026-06, below 60%",
        ),
        (
            {"min_approval_share": 0.6, "min_new_edits": 999},
            {"decided": {"2026-09": Decided(approved=55, corrected=45)}},  # could be chance
            False,
            "45 of 999",
        ),
        (
            {"min_approval_share": 0.6, "min_new_edits": 999},
            {"decided": {"2026-09": Decided(approved=0, corrected=20)}},  # too few to say
            False,
            "20 of 999",
        ),
        ({"max_stale_pairs": 50, "min_new_edits": 999}, {"stale_pairs": 51}, True, "51 trained pairs stale"),
        ({"max_stale_pairs": 50, "min_new_edits": 999}, {"stale_pairs": 50}, False, "200 of 999"),
        ({"min_new_edits": 999}, {"stale_pairs": 5000}, False, "200 of 999"),  # nobody asked
    ],
)  # fmt: skip
def test_a_release_is_due_when_it_should_be(
    config: dict[str, Any], changes: dict[str, Any], start: bool, reason: str
) -> None:
    found = due(CONFIG.model_copy(update=config), replace(READY, **changes), NOW)
    assert (found.start, found.as_of) == (start, "2026-09"), found.reason
    assert reason in found.reason


def test_the_wait_doubles_up_to_half_a_day() -> None:
    assert [wait(failures) for failures in (1, 2, 3)] == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]
    assert wait(1000) == LONGEST_WAIT


CLIENTS, MONTHS, START = 200, 24, datetime(2024, 1, 1, 6, tzinfo=UTC)
COMPLETE = {month: window(month, 30) for month in window("2026-12", 60)}


@dataclass
class Run:
    """A release run of the simulated world."""

    client: int
    as_of: str
    started: datetime
    ends: datetime
    succeeds: bool


@dataclass
class World:
    """What outlives a daemon: edits, manifests, runs with their keys. `keys` is Dagster's own memory."""

    configs: list[Release]
    edits: list[dict[str, Decided]]
    history_day: dict[tuple[int, str], int]
    runs: list[Run] = field(default_factory=list)
    by_client: dict[int, list[Run]] = field(default_factory=lambda: defaultdict(list))
    keys: set[str] = field(default_factory=set)
    doubled: int = 0

    def standing(self, client: int, now: datetime) -> Standing:
        as_of = last_complete_month(now)
        mine = self.by_client[client]
        made = [run for run in mine if run.succeeds and run.ends <= now]
        last = max((run.as_of for run in made), default=None)
        arrived = now.day >= self.history_day[client, as_of]
        return Standing(
            history=frozenset(COMPLETE[as_of][: None if arrived else -1]),
            decided=self.edits[client],
            last=LastRelease(last, now) if last else None,
            attempts=[_attempt(run, now) for run in mine if run.as_of == as_of],
            busy=next(("another" for run in mine if run.as_of != as_of and run.ends > now), None),
        )

    def launch(self, key: str, run: Run) -> None:
        if key in self.keys:
            self.doubled += 1
            return
        self.keys.add(key)
        self.runs.append(run)
        self.by_client[run.client].append(run)


def _attempt(run: Run, now: datetime) -> Attempt:
    if run.ends > now:
        return Attempt("going", run.started)
    return Attempt("succeeded" if run.succeeds else "failed", run.ends)


def expected(config: Release, edits: dict[str, Decided], months: list[str]) -> list[str]:
    """The right releases, found another way: month by month, without runs or ticks."""
    made: list[str] = []
    since = 0
    for month in months:
        since += edits[month].corrected if month in edits else 0
        if not made or (
            months_between(made[-1], month) >= CADENCE_MONTHS[config.cadence]
            and since >= config.min_new_edits
        ):
            made.append(month)
            since = 0
    return made  # fmt: skip


def new_world(dice: random.Random) -> World:
    months = window("2026-12", 60)
    cadences = dice.choices(["monthly", "quarterly"], k=CLIENTS)
    return World(
        [Release(cadence=c, min_new_edits=dice.choice([0, 50, 200]), window_months=1) for c in cadences],
        [
            {month: Decided(corrected=dice.choice([0, 5, 40, 120, 300])) for month in months}
            for _ in range(CLIENTS)
        ],
        {(client, month): dice.choice([2, 2, 2, 3, 9]) for client in range(CLIENTS) for month in months},
    )


def tick(world: World, now: datetime, dice: random.Random) -> None:
    """One tick. In one of twenty the daemon dies half way, and begins again with the same question."""
    answers = [due(world.configs[client], world.standing(client, now), now) for client in range(CLIENTS)]
    wanted = [(client, answer) for client, answer in enumerate(answers) if answer.start]
    dies = dice.random() < 0.05
    survived = wanted[: dice.randrange(len(wanted) + 1)] if dies else wanted
    for client, answer in [
        *survived,
        *(wanted if dies else []),
    ]:  # the same requests again, with the same keys
        ends = now + timedelta(hours=dice.choice([1, 5, 30]))
        run = Run(client, answer.as_of, now, ends, succeeds=dice.random() < 0.7)
        world.launch(f"release:{client}:{answer.as_of}:{answer.attempt}", run)


def test_two_years_of_a_portfolio_get_exactly_the_right_releases() -> None:
    dice = random.Random(7)
    world, now = new_world(dice), START
    while months_between(last_complete_month(START), last_complete_month(now)) < MONTHS:
        tick(world, now, dice)
        # The daemon may be down for days, over the turn of a month too.
        now += timedelta(hours=12) if dice.random() < 0.97 else timedelta(days=3)
    done = Counter((run.client, run.as_of) for run in world.runs if run.succeeds)
    months = window(last_complete_month(now - timedelta(days=4)), MONTHS)
    right = {
        (client, month)
        for client in range(CLIENTS)
        for month in expected(world.configs[client], world.edits[client], months)
    }
    assert set(done) == right
    assert set(done.values()) == {1}, "a release was made twice"
    assert world.doubled > 0, "no daemon died at a moment that matters"
    assert sum(not run.succeeds for run in world.runs) > 500, "nothing failed"
