"""The report as data: `report.json`, schema "support_pipeline.report/2".

client, as_of, policy_date   whose release, of which month, judged by the policies of which day
notes                        sentences that a reader must know (synthetic data, tiny model, who could not be asked)
tickets, customers           held-out tickets, and the customers they come from
verdict                      met | failed | not proven, over all claims
claims[]                     name, direction (at least | at most), target, count, total, rate, lower, upper,
                             verdict, settled_at (tickets that would settle it), required, sentence
planning[]                   for each claim: name, assumed (the true share), tickets (held-out tickets that prove
                             the claim in 4 of 5 tests if that is the share; null: more than 20,000)
distribution[]               score (3, 2, 1), count, total, rate, lower, upper
by_kind[], by_intent[]       name, tickets, scores {"3": n, "2": n, "1": n}, and of the 3s: rate, lower, upper
layers[]                     name, wrong (answers that the layer scores 1), partly (2)
policy[]                     topic, critical, expected, right, missing, contradicted (answers)
flips                        null where none was asked, or the tickets asked again under other policy values:
                             wanted, tickets, complied, leaked (count, total, rate, lower, upper each, of flips),
                             tickets_with_leak (the same, of tickets, whose flips are not independent),
                             by_topic[] topic, asked, complied, leaked; stale[] pair_id, topic, before, after, answer
escalation                   made, missed, wrong_team, needless, rightly_answered (answers), missed_tickets[]
hallucinations[]             pair_id, kind, text
worst[]                      pair_id of the worst answers, worst first
generation                   stopped, well_formed: count, total, rate, lower, upper
champion                     null, or the comparison on shared tickets: as_of, tickets, customers, wins, losses,
                             difference, lower, wrong_difference, wrong_upper, mcnemar_p, permutation_p,
                             transitions {"3->1": n}
opponents[]                  every other model on the same tickets: role (champion | base | hosted), name,
                             distribution[] as above, comparison as in champion (without as_of)
judge                        null, or who scored what the layers leave open: name, agreement (count, total, rate,
                             lower, upper), needed, counted, reason, spoken (answers that it scored)
promotion                    null, or promote, route_ceiling, reason

`lower` and `upper` are exact one-sided 95 % bounds (`champion.lower` and `wrong_upper`: score bounds). The
same inputs give the same bytes: no times, no paths. A field may be added within a schema's number; one
that changes meaning, or that readers need, gets the next number.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from support_pipeline.clients import Targets
from support_pipeline.model.policy_flips import FlipOutcome, compliance, leaks
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.open_cases import Trust
from support_pipeline.model.scoring.score import Score
from support_pipeline.model.scoring.summary import summarise
from support_pipeline.model.verdict import (
    ClaimVerdict,
    Comparison,
    Promotion,
    Share,
    compare,
    overall,
    plan,
    verdicts,
)
from support_pipeline.policies import PolicyBook

REPORT_SCHEMA = "support_pipeline.report/2"
WORST = 20
STALE = 20
Report = dict[str, Any]


@dataclass(frozen=True)
class Opponent:
    """Another model on the same tickets: `role` is champion, base or hosted, `scores` are by pair_id."""

    role: str
    name: str
    scores: Mapping[str, int]


def build_report(
    cases: Sequence[Case],
    answers: Sequence[str],
    scores: Sequence[Score],
    *,
    client: str,
    as_of: str,
    policy_date: date,
    targets: Targets,
    book: PolicyBook,
    promotion: Promotion | None = None,
    champion: str | None = None,
    opponents: Sequence[Opponent] = (),
    flips: Sequence[FlipOutcome] = (),
    flips_wanted: int = 0,
    judge: Trust | None = None,
    notes: Sequence[str] = (),
) -> Report:
    """The report on one release. `champion` is the `as_of` that `promotion` was decided against."""
    if not len(cases) == len(answers) == len(scores):
        raise ValueError(
            f"{len(cases)} cases, {len(answers)} answers, {len(scores)} scores: they must go together"
        )
    summary = summarise(scores, (compliance(flips), leaks(flips)) if flips else None)
    claims = verdicts(summary, targets)
    return {
        "schema": REPORT_SCHEMA,
        "client": client,
        "as_of": as_of,
        "policy_date": policy_date.isoformat(),
        "notes": list(notes),
        "tickets": len(cases),
        "customers": len({case.customer_id for case in cases}),
        "verdict": overall(claims),
        "claims": [
            {
                "name": claim.name,
                "direction": claim.direction,
                "target": claim.target,
                **_share(claim.share),
                "verdict": claim.verdict,
                "settled_at": claim.settled_at,
                "required": claim.required,
                "sentence": claim.sentence(),
            }
            for claim in claims
        ],
        "planning": [_planned(claim) for claim in claims],
        "distribution": _distribution([score.score for score in scores]),
        "by_kind": _groups(cases, scores, lambda case: case.kind),
        "by_intent": _groups(cases, scores, lambda case: case.intent),
        "layers": _layers(scores),
        "policy": _policy(scores, book, policy_date),
        "flips": _flips(flips, flips_wanted),
        "escalation": _escalation(cases, scores),
        "hallucinations": [
            {"pair_id": case.pair_id, "kind": entity.kind, "text": entity.text}
            for case, score in zip(cases, scores, strict=True)
            for entity in score.hallucinated
        ],
        "worst": [cases[i].pair_id for i in _worst(scores)],
        "generation": {"stopped": _share(summary.stopped), "well_formed": _share(summary.well_formed)},
        "champion": _champion(promotion, champion),
        "opponents": [_opponent(cases, scores, opponent) for opponent in opponents],
        "judge": _judge(judge, scores),
        "promotion": _promotion(promotion),
    }


def answer_rows(
    cases: Sequence[Case], answers: Sequence[str], scores: Sequence[Score]
) -> list[dict[str, Any]]:
    """One row a ticket for `answers.jsonl`: the texts, the score, and every layer with its evidence."""
    return [
        {
            "pair_id": case.pair_id,
            "customer_id": case.customer_id,
            "kind": case.kind,
            "intent": case.intent,
            "ticket": case.customer_text,
            "human_answer": case.human_answer,
            "answer": answer,
            "score": score.score,
            "stopped": score.stopped,
            "layers": [
                {"name": layer.name, "score": layer.score, "evidence": list(layer.evidence)}
                for layer in score.layers
            ],
            "hallucinated": [{"kind": entity.kind, "text": entity.text} for entity in score.hallucinated],
            "policy_expected": list(score.policy.expected),
            "policy_missing": list(score.policy.missing),
            "policy_contradicted": list(score.policy.contradicted),
            "escalation_expected": score.escalation_expected,
            "escalation_made": score.escalation_made,
            "critical_topics": list(score.critical_topics),
        }
        for case, answer, score in zip(cases, answers, scores, strict=True)
    ]


def _share(share: Share) -> dict[str, Any]:
    return {
        "count": share.count,
        "total": share.total,
        "rate": None if share.rate is None else round(share.rate, 6),
        "lower": round(share.lower, 6),
        "upper": round(share.upper, 6),
    }


def _distribution(points_given: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"score": points, **_share(Share(sum(p == points for p in points_given), len(points_given)))}
        for points in (3, 2, 1)
    ]


def _planned(claim: ClaimVerdict) -> dict[str, Any]:
    """The tickets that prove a claim, if the true share is what was seen, or else halfway from the target to perfect."""
    at_least = claim.direction == "at least"
    seen = claim.share.rate
    holds = seen is not None and (seen > claim.target if at_least else seen < claim.target)
    perfect = 1.0 if at_least else 0.0
    # A share of exactly 1 or 0 was seen in few tickets; nobody should plan with it.
    assumed = seen if holds and seen is not None and seen != perfect else (claim.target + perfect) / 2
    tickets = plan(claim.target, assumed, direction=claim.direction)
    return {"name": claim.name, "assumed": round(assumed, 6), "tickets": tickets}


def _flips(found: Sequence[FlipOutcome], wanted: int) -> dict[str, Any] | None:
    if not found:
        return None
    by_topic: dict[str, list[FlipOutcome]] = defaultdict(list)
    leaking: dict[str, bool] = defaultdict(bool)
    for outcome in found:
        by_topic[outcome.topic].append(outcome)
        leaking[outcome.pair_id] |= outcome.leaked
    return {
        "wanted": wanted,
        "tickets": len(leaking),
        "complied": _share(compliance(found)),
        "leaked": _share(leaks(found)),
        "tickets_with_leak": _share(Share(sum(leaking.values()), len(leaking))),
        "by_topic": [
            {
                "topic": topic,
                "asked": len(outcomes),
                "complied": compliance(outcomes).count,
                "leaked": leaks(outcomes).count,
            }
            for topic, outcomes in sorted(by_topic.items(), key=lambda item: (-len(item[1]), item[0]))
        ],
        "stale": [
            {name: getattr(outcome, name) for name in ("pair_id", "topic", "before", "after", "answer")}
            for outcome in found
            if outcome.leaked
        ][:STALE],
    }


def _opponent(cases: Sequence[Case], scores: Sequence[Score], opponent: Opponent) -> dict[str, Any]:
    ours = {case.pair_id: score.score for case, score in zip(cases, scores, strict=True)}
    found = compare(ours, opponent.scores, {case.pair_id: case.customer_id for case in cases})
    return {
        "role": opponent.role,
        "name": opponent.name,
        "distribution": _distribution(list(opponent.scores.values())),
        "comparison": None if found is None else _comparison(found),
    }


def _judge(found: Trust | None, scores: Sequence[Score]) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "name": found.name,
        "agreement": _share(found.agreement),
        "needed": found.needed,
        "counted": found.counted,
        "reason": found.reason,
        "spoken": sum(any(layer.name == "judge" for layer in score.layers) for score in scores),
    }


def _groups(
    cases: Sequence[Case], scores: Sequence[Score], name: Callable[[Case], str]
) -> list[dict[str, Any]]:
    groups: dict[str, Counter[int]] = defaultdict(Counter)
    for case, score in zip(cases, scores, strict=True):
        groups[name(case)][score.score] += 1
    found = []
    for group, counts in sorted(groups.items(), key=lambda item: (-item[1].total(), item[0])):
        share = _share(Share(counts[3], counts.total()))
        found.append(
            {
                "name": group,
                "tickets": counts.total(),
                "scores": {str(points): counts[points] for points in (3, 2, 1)},
                "rate": share["rate"],
                "lower": share["lower"],
                "upper": share["upper"],
            }
        )
    return found


def _layers(scores: Sequence[Score]) -> list[dict[str, Any]]:
    wrong, partly = Counter[str](), Counter[str]()
    for score in scores:
        for layer in score.layers:
            wrong[layer.name] += layer.score == 1
            partly[layer.name] += layer.score == 2
    return [{"name": name, "wrong": wrong[name], "partly": partly[name]} for name in wrong]


def _policy(scores: Sequence[Score], book: PolicyBook, day: date) -> list[dict[str, Any]]:
    critical = {fact.topic for fact in book.in_force(day) if fact.critical}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for score in scores:
        for column in ("expected", "right", "missing", "contradicted"):
            for topic in getattr(score.policy, column):
                counts[topic][column] += 1
    return [
        {
            "topic": topic,
            "critical": topic in critical,
            **{column: counts[topic][column] for column in ("expected", "right", "missing", "contradicted")},
        }
        for topic in sorted(counts, key=lambda topic: (-counts[topic]["expected"], topic))
    ]


def _escalation(cases: Sequence[Case], scores: Sequence[Score]) -> dict[str, Any]:
    must = [score for score in scores if score.escalation_expected]
    need_not = [score for score in scores if not score.escalation_expected]
    return {
        "made": sum(score.escalation_right for score in must),
        "missed": sum(not score.escalation_made for score in must),
        "wrong_team": sum(score.escalation_made and not score.escalation_right for score in must),
        "needless": sum(score.escalation_made for score in need_not),
        "rightly_answered": sum(not score.escalation_made for score in need_not),
        "missed_tickets": [
            case.pair_id
            for case, score in zip(cases, scores, strict=True)
            if score.escalation_expected and not score.escalation_made
        ],
    }


def _worst(scores: Sequence[Score]) -> list[int]:
    """The worst answers by score, then by how many layers fail and how much evidence there is."""
    flawed = [i for i, score in enumerate(scores) if score.score < 3]
    return sorted(
        flawed, key=lambda i: (scores[i].score, -_failures(scores[i]), -len(scores[i].evidence()), i)
    )[:WORST]


def _failures(score: Score) -> int:
    return sum(3 - layer.score for layer in score.layers)


def _champion(promotion: Promotion | None, champion: str | None) -> dict[str, Any] | None:
    if promotion is None or promotion.comparison is None:
        return None
    return {"as_of": champion, **_comparison(promotion.comparison)}


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(found).items()
    }


def _promotion(promotion: Promotion | None) -> Mapping[str, Any] | None:
    if promotion is None:
        return None
    return {
        "promote": promotion.promote,
        "route_ceiling": promotion.route_ceiling,
        "reason": promotion.reason,
    }
