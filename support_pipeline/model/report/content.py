"""The report as data: `report.json`, schema "support_pipeline.report/1".

client, as_of, policy_date   whose release, of which month, judged by the policies of which day
notes                        sentences that a reader must know (synthetic data, tiny model)
tickets, customers           held-out tickets, and the customers they come from
verdict                      met | failed | not proven, over all claims
claims[]                     name, direction (at least | at most), target, count, total, rate, lower, upper,
                             verdict, settled_at (tickets that would settle it), required, sentence
distribution[]               score (3, 2, 1), count, total, rate, lower, upper
by_kind[], by_intent[]       name, tickets, scores {"3": n, "2": n, "1": n}, and of the 3s: rate, lower, upper
layers[]                     name, wrong (answers that the layer scores 1), partly (2)
policy[]                     topic, critical, expected, right, missing, contradicted (answers)
escalation                   made, missed, wrong_team, needless, rightly_answered (answers), missed_tickets[]
hallucinations[]             pair_id, kind, text
worst[]                      pair_id of the worst answers, worst first
generation                   stopped, well_formed: count, total, rate, lower, upper
champion                     null, or the comparison on shared tickets: as_of, tickets, customers, wins, losses,
                             difference, lower, mcnemar_p, permutation_p, transitions {"3->1": n}
promotion                    null, or promote, route_ceiling, reason

`lower` and `upper` are exact one-sided 95 % bounds. The same inputs give the same bytes: no times, no
paths. A field may be added within a schema's number; one that changes meaning gets the next number.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from support_pipeline.clients import Targets
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.score import Score
from support_pipeline.model.scoring.summary import summarise
from support_pipeline.model.verdict import Promotion, Share, overall, verdicts
from support_pipeline.policies import PolicyBook

REPORT_SCHEMA = "support_pipeline.report/1"
WORST = 20
Report = dict[str, Any]


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
    notes: Sequence[str] = (),
) -> Report:
    """The report on one release. `champion` is the `as_of` that `promotion` was decided against."""
    if not len(cases) == len(answers) == len(scores):
        raise ValueError(
            f"{len(cases)} cases, {len(answers)} answers, {len(scores)} scores: they must go together"
        )
    summary = summarise(scores)
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
        "distribution": [
            {"score": points, **_share(Share(sum(s.score == points for s in scores), len(scores)))}
            for points in (3, 2, 1)
        ],
        "by_kind": _groups(cases, scores, lambda case: case.kind),
        "by_intent": _groups(cases, scores, lambda case: case.intent),
        "layers": _layers(scores),
        "policy": _policy(scores, book, policy_date),
        "escalation": _escalation(cases, scores),
        "hallucinations": [
            {"pair_id": case.pair_id, "kind": entity.kind, "text": entity.text}
            for case, score in zip(cases, scores, strict=True)
            for entity in score.hallucinated
        ],
        "worst": [cases[i].pair_id for i in _worst(scores)],
        "generation": {"stopped": _share(summary.stopped), "well_formed": _share(summary.well_formed)},
        "champion": _champion(promotion, champion),
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
    figures = asdict(promotion.comparison)
    return {"as_of": champion} | {
        name: round(value, 6) if isinstance(value, float) else value for name, value in figures.items()
    }


def _promotion(promotion: Promotion | None) -> Mapping[str, Any] | None:
    if promotion is None:
        return None
    return {
        "promote": promotion.promote,
        "route_ceiling": promotion.route_ceiling,
        "reason": promotion.reason,
    }
