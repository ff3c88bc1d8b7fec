"""The report as one HTML file that needs nothing else: no network, no scripts. All texts are escaped."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from support_pipeline.model.report.content import Report
from support_pipeline.model.report.pictures import (
    VERDICT_COLOURS,
    claims_svg,
    contenders_svg,
    distribution_svg,
    flips_svg,
    groups_svg,
)

_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Evaluation of {{ report.client }} {{ report.as_of }}</title>
<link rel="icon" href="data:,"><style>
body{font:15px/1.5 system-ui,sans-serif;color:#2d3748;margin:2rem auto;max-width:72rem;padding:0 1rem;background:#fff}
h1{font-size:1.5rem;margin:0}h3{font-size:.95rem;margin:1.2rem 0 .2rem}h2{font-size:1.1rem;margin:2.2rem 0 .6rem;border-bottom:1px solid #e2e8f0;padding-bottom:.2rem}
p{margin:.4rem 0}.faint{color:#718096}.row{display:flex;flex-wrap:wrap;gap:2rem;align-items:flex-start}
.verdict{display:inline-block;color:#fff;border-radius:.3rem;padding:.1rem .6rem;font-weight:600}
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}
table{border-collapse:collapse;margin:.4rem 0}td,th{padding:.25rem .8rem .25rem 0;text-align:right;border-bottom:1px solid #edf2f7}
td:first-child,th:first-child{text-align:left}th{font-weight:600;color:#4a5568}
.answer{border:1px solid #e2e8f0;border-left:4px solid #c53030;border-radius:.3rem;padding:.6rem .9rem;margin:.8rem 0}
.answer.two{border-left-color:#d69e2e}.texts{display:grid;grid-template-columns:repeat(3,1fr);gap:1rem}
.texts div{white-space:pre-wrap;overflow-wrap:anywhere}.texts h4{margin:0;font-size:.8rem;color:#718096;font-weight:600}
@media(max-width:50rem){.texts{grid-template-columns:1fr}}
mark,.invented{background:#fed7d7;color:#9b2c2c;padding:0 .15rem;border-radius:.15rem}
ul{margin:.4rem 0;padding-left:1.2rem}.bad{color:#c53030;font-weight:600}
</style></head><body>
<h1>{{ report.client }}, release {{ report.as_of }}
 <span class="verdict" style="background:{{ colours[report.verdict] }}">{{ report.verdict }}</span></h1>
<p class="faint">{{ report.tickets }} held-out tickets of {{ report.customers }} customers, judged by the policies
 in force on {{ report.policy_date }}. Bounds are exact and one-sided, 95 % each.</p>
{% for note in report.notes %}<p><strong>{{ note }}</strong></p>{% endfor %}
{% if report.promotion %}<p><strong>{{ "Promoted" if report.promotion.promote else "Not promoted" }}</strong>
 (drafts may at most: {{ report.promotion.route_ceiling }}). {{ report.promotion.reason }}</p>{% endif %}

<h2>Scores and targets</h2>
<div class="row">{{ distribution }}{{ claims }}</div>
<ul>{% for claim in report.claims %}<li>{{ claim.sentence }}{{ "" if claim.required else " (must not be refuted)" }}</li>{% endfor %}</ul>

<h2>How many held-out tickets a claim needs</h2>
<table><tr><th>claim</th><th>seen</th><th>tickets seen</th><th>if the true share is</th><th>tickets needed</th></tr>
{% for claim, row in planned %}<tr><td>{{ claim.name.replace("_", " ") }} {{ claim.direction }} {{ "%.0f"|format(100 * claim.target) }} %</td>
<td>{{ "-" if claim.rate is none else "%.1f %%"|format(100 * claim.rate) }}</td><td>{{ claim.total }}</td>
<td>{{ "%.1f"|format(100 * row.assumed) }} %</td><td>{{ "more than 20,000" if row.tickets is none else row.tickets }}</td></tr>{% endfor %}</table>
<p class="faint">Enough to prove the claim in four of five tests.</p>

{% if report.opponents %}<h2>Against other models on the same tickets</h2>
<div class="row">{{ contenders }}</div>
<table><tr><th>against</th><th>tickets</th><th>won</th><th>lost</th><th>fully correct</th><th>at worst</th><th>wrong</th><th>at worst</th>
<th>McNemar p</th><th>sign-flip p</th></tr>
{% for row in report.opponents if row.comparison %}<tr><td>{{ row.role }}{{ ": " ~ row.name if row.role != "base" }}</td><td>{{ row.comparison.tickets }}</td>
<td>{{ row.comparison.wins }}</td><td>{{ row.comparison.losses }}</td>
<td>{{ "%+.1f"|format(100 * row.comparison.difference) }}</td><td>{{ "%+.1f"|format(100 * row.comparison.lower) }}</td>
<td>{{ "%+.1f"|format(100 * row.comparison.wrong_difference) }}</td><td>{{ "%+.1f"|format(100 * row.comparison.wrong_upper) }}</td>
<td>{{ "%.3g"|format(row.comparison.mcnemar_p) }}</td><td>{{ "%.3g"|format(row.comparison.permutation_p) }}</td></tr>{% endfor %}</table>
<p class="faint">Differences in points, this release minus the other model; "at worst" is the one-sided 95 % bound. The sign-flip test flips
 all tickets of a customer together.</p>{% endif %}
{% if report.champion %}<h3>From the champion {{ report.champion.as_of or "" }} to this release, ticket by ticket</h3>
<table><tr><th>from &rarr; to</th><th>tickets</th></tr>
{% for step, count in report.champion.transitions.items() %}<tr><td>{{ step.replace("->", " \u2192 ") }}</td><td>{{ count }}</td></tr>{% endfor %}
</table>{% endif %}

<h2>By intent and by kind</h2>
<p class="faint">Green 3, yellow 2, red 1; the whisker bounds the share of 3.</p>
<div class="row">{{ by_intent }}{{ by_kind }}</div>

<h2>Policies</h2>
{% if report.policy %}<table><tr><th>topic</th><th>at stake</th><th>right</th><th>missing</th><th>contradicted</th></tr>
{% for row in report.policy %}<tr><td>{{ row.topic }}{{ " (critical)" if row.critical }}</td><td>{{ row.expected }}</td>
<td>{{ row.right }}</td><td>{{ row.missing }}</td><td{% if row.contradicted %} class="bad"{% endif %}>{{ row.contradicted }}</td></tr>{% endfor %}
</table>{% else %}<p>No held-out ticket has a policy at stake.</p>{% endif %}

<h2>Under other policy values</h2>
{% if report.flips %}<p>{{ report.flips.tickets }} tickets were asked again {{ report.flips.complied.total }} times with another value of a policy in the
 system message{% if report.flips.complied.total < report.flips.wanted %} ({{ report.flips.wanted }} were wanted; no more tickets state a policy){% endif %}.
 {{ report.flips.complied.count }} answers followed the new value, {{ report.flips.leaked.count }} kept to the old one
 ({{ "%.1f"|format(100 * report.flips.leaked.lower) }} to {{ "%.1f"|format(100 * report.flips.leaked.upper) }} %; in
 {{ report.flips.tickets_with_leak.count }} of {{ report.flips.tickets_with_leak.total }} tickets at least once).</p>
<p class="faint">Green followed, grey said neither, red kept to the old value. Flips of one ticket are not independent of each other; count
 the tickets too.</p>
{{ flips }}
{% for row in report.flips.stale[:5] %}<p class="faint">{{ row.pair_id }}, {{ row.topic }} {{ row.before }} &rarr; {{ row.after }}: <span class="invented">{{ row.answer }}</span></p>{% endfor %}
{% else %}<p>None was asked: no held-out answer states a policy value, or policy_flips is 0.</p>{% endif %}

<h2>Escalation</h2>
<table><tr><th></th><th>handed over</th><th>to another team</th><th>answered</th></tr>
<tr><td>a person must decide</td><td>{{ report.escalation.made }}</td><td>{{ report.escalation.wrong_team }}</td>
<td{% if report.escalation.missed %} class="bad"{% endif %}>{{ report.escalation.missed }}</td></tr>
<tr><td>answerable</td><td>{{ report.escalation.needless }}</td><td></td><td>{{ report.escalation.rightly_answered }}</td></tr></table>

{% if report.judge %}<h2>The judge of what the layers leave open</h2>
<p>{{ report.judge.name }}: {{ report.judge.reason }}. It scored {{ report.judge.spoken }} answers.</p>{% endif %}

<h2>Which layer took the points</h2>
<table><tr><th>layer</th><th>wrong (1)</th><th>partly (2)</th></tr>
{% for row in report.layers %}<tr><td>{{ row.name.replace("_", " ") }}</td><td>{{ row.wrong }}</td><td>{{ row.partly }}</td></tr>{% endfor %}</table>

<h2>Hallucinated entities</h2>
{% if invented %}<table><tr><th>text</th><th>kind</th><th>answers</th><th>for example</th></tr>
{% for row in invented[:most] %}<tr><td><span class="invented">{{ row.text }}</span></td><td>{{ row.kind }}</td>
<td>{{ row.count }}</td><td>{{ row.pair_id }}</td></tr>{% endfor %}</table>
{% if invented|length > most %}<p class="faint">{{ invented|length - most }} more in report.json.</p>{% endif %}
{% else %}<p>None.</p>{% endif %}

<h2>The worst answers</h2>
{% for row in worst %}<div class="answer{{ " two" if row.score == 2 }}"><p><strong>score {{ row.score }}</strong>
 <span class="faint">{{ row.intent }}, {{ row.kind }}, {{ row.pair_id }}</span></p>
<div class="texts"><div><h4>ticket</h4>{{ row.ticket }}</div><div><h4>human answer</h4>{{ row.human_answer }}</div>
<div><h4>model answer</h4>{{ row.marked }}</div></div>
<ul>{% for layer in row.layers if layer.score < 3 %}{% for line in layer.evidence %}<li>{{ layer.name.replace("_", " ") }} ({{ layer.score }}): {{ line }}</li>{% endfor %}{% endfor %}</ul></div>
{% else %}<p>Every answer scored 3.</p>{% endfor %}
</body></html>
"""
MOST = 40


def report_page(report: Report, rows: Sequence[dict[str, Any]]) -> str:
    """The page of a report; `rows` are those of `answers.jsonl`."""
    from jinja2 import Environment, StrictUndefined

    by_id = {row["pair_id"]: row for row in rows}
    worst = [by_id[pair_id] | {"marked": marked(by_id[pair_id])} for pair_id in report["worst"]]
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_PAGE)
    return template.render(
        report=report,
        worst=worst,
        invented=_invented(report["hallucinations"]),
        most=MOST,
        colours=VERDICT_COLOURS,
        planned=list(zip(report["claims"], report["planning"], strict=True)),
        contenders=contenders_svg(report),
        flips=flips_svg(report["flips"]["by_topic"]) if report["flips"] else "",
        distribution=distribution_svg(report),
        claims=claims_svg(report),
        by_intent=groups_svg(report["by_intent"]),
        by_kind=groups_svg(report["by_kind"]),
    )


def _invented(found: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """Hallucinated entities with how often they came, the most frequent first."""
    counts = Counter((entity["kind"], entity["text"]) for entity in found)
    example = {(entity["kind"], entity["text"]): entity["pair_id"] for entity in reversed(found)}
    return [
        {"kind": kind, "text": text, "count": count, "pair_id": example[kind, text]}
        for (kind, text), count in counts.most_common()
    ]


def marked(row: dict[str, Any]) -> Markup:
    """The model's answer, escaped, with the hallucinated entities marked where they stand."""
    answer = row["answer"]
    spans: list[tuple[int, int]] = []
    for entity in sorted(row["hallucinated"], key=lambda entity: -len(entity["text"])):
        start = answer.lower().find(entity["text"].lower())
        if start >= 0 and all(start >= end or start + len(entity["text"]) <= begin for begin, end in spans):
            spans.append((start, start + len(entity["text"])))
    html, place = Markup(), 0
    for start, end in sorted(spans):
        html += escape(answer[place:start]) + Markup("<mark>{}</mark>").format(answer[start:end])
        place = end
    return html + escape(answer[place:])
