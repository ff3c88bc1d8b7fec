"""The parts of `make loop` that do not take minutes: its project, its agents in simulated time, what it says of a release."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from support_pipeline.artifacts import Store
from support_pipeline.cli.output import console
from support_pipeline.cli.simulating import simulate
from support_pipeline.demo.loop.__main__ import Served, _date_back, _edit_rates, _releases
from support_pipeline.demo.loop.project import CLIENT, TICKETS_A_MONTH, LoopProject, case_of
from support_pipeline.demo.loop.watch import until_decided
from support_pipeline.demo.services import Services
from support_pipeline.errors import ArtifactError
from support_pipeline.model.scoring import Case
from support_pipeline.serving.decision_counts import decided_by_month
from support_pipeline.serving.decisions import Database, DecisionLog
from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.readiness import Readiness
from support_pipeline.serving.router import RouterAnswer
from support_pipeline_tests.artifacts_made import put_release

MONTHS = ("2026-07", "2026-08")


class Parrot:
    """Answers what it was told to, by the ticket's id."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers

    def answer(self, client: str, ticket_id: str, text: str) -> tuple[RouterAnswer, str]:
        return RouterAnswer(self.answers[ticket_id], "medium", False, "approve", (), "d"), f"{client}:1"

    def audited(self, client: str, wrong: bool) -> None:
        raise AssertionError("nothing here is sent without a person")

    def readiness(self) -> Sequence[Readiness]:
        return ()


@pytest.fixture
def project(tmp_path: Path) -> LoopProject:
    return LoopProject(tmp_path / "loop")


def test_a_month_of_the_export_appears_when_it_is_over(project: LoopProject) -> None:
    key = project.make(MONTHS)
    project.export_through(MONTHS[0], key)
    first = (project.root / "export" / "zendesk.ndjson").read_bytes().splitlines()
    project.export_through(MONTHS[1], key)
    both = (project.root / "export" / "zendesk.ndjson").read_bytes().splitlines()
    assert 0 < len(first) < len(both) and len(both) >= TICKETS_A_MONTH * 2
    project.set_clock("2026-12")
    assert (project.root / "clock").read_text().startswith("2027-01-03")


def test_tickets_are_cases_as_a_person_answered_them(project: LoopProject) -> None:
    key = project.make(MONTHS)
    found = [case for row in key if (case := case_of(project.config, row)) is not None]
    assert len(found) > TICKETS_A_MONTH
    assert any(case.team for case in found) and all(
        case.customer_text and case.human_answer for case in found
    )


def test_agents_approve_what_is_right_and_correct_the_rest_in_the_month_that_is_played(
    project: LoopProject,
) -> None:
    project.make(MONTHS)
    said = "You can return items within 45 days of delivery."
    cases = [Case(str(n), str(n), "answer", "returns", "How long can I return it?", said) for n in (1, 2)]
    database, began = Database(project.database, pooled=True), now_stamp()
    database.migrate()
    answerer = Parrot({"1": said, "2": "You can return items within 12 days of delivery."})
    done = simulate(database, project.config, answerer, cases, lambda _: None)
    assert done.actions["approved"] == 1 and done.tickets == 2
    _date_back(database, began, MONTHS[1])
    with pytest.raises(ArtifactError, match="ticket '1' of 'loop-outfitters' was played before"):
        simulate(database, project.config, answerer, cases, lambda _: None)
    database.close()
    log = DecisionLog(project.database)
    counts = decided_by_month(log)[CLIENT]
    assert {month: (found.approved, found.total) for month, found in counts.items()} == {MONTHS[1]: (1, 2)}
    assert log.edits(CLIENT, MONTHS[1])["ticket_id"].to_list() == ["1", "2"]


def test_a_promotion_and_a_refusal_are_both_outcomes(tmp_path: Path) -> None:
    store, services, lines = Store(str(tmp_path / "store")), Services({}, tmp_path / "log"), list[str]()
    put_release(store, CLIENT, MONTHS[0])
    put_release(store, CLIENT, MONTHS[1], promote=False)
    outcomes = [until_decided(store, services, month, lines.append) for month in MONTHS]
    assert [(made.result, made.verdict, made.reason) for made in outcomes] == [
        ("promoted", "met", "better"),
        ("refused", "failed", "worse than the live one"),
    ]
    assert any("lora_adapter is there" in line for line in lines)
    with console.capture() as shown:
        console.print(_releases(outcomes), _edit_rates([Served(MONTHS[1], "loop-outfitters:1", 60, 30)]))
    assert "2026-08" in shown.get() and "refused" in shown.get()
    assert "50%" in shown.get() and "39% .. 61%" in shown.get()
