"""The report as one HTML file that needs nothing else: no network, no scripts. All texts are escaped."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from support_pipeline.model.report.content import Report
from support_pipeline.model.report.pictures import VERDICT_COLOURS, claims_svg, distribution_svg, groups_svg

_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Evaluation of {{ report.client }} {{ report.as_of }}</title>
<link rel="icon" href="data:,"><style>
body{font:15px/1.5 system-ui,sans-serif;color:#2d3748;margin:2rem auto;max-width:72rem;padding:0 1rem;background:#fff}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .6rem;border-bottom:1px solid #e2e8f0;padding-bottom:.2rem}
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

{% if report.champion %}<h2>Against the champion{{ " " ~ report.champion.as_of if report.champion.as_of }}</h2>
<p>On {{ report.champion.tickets }} shared tickets: {{ report.champion.wins }} won, {{ report.champion.losses }} lost;
 difference {{ "%+.1f"|format(100 * report.champion.difference) }} points, at worst
 {{ "%+.1f"|format(100 * report.champion.lower) }} (95 %); McNemar p = {{ "%.3g"|format(report.champion.mcnemar_p) }},
 sign-flip p = {{ "%.3g"|format(report.champion.permutation_p) }}.</p>
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

<h2>Escalation</h2>
<table><tr><th></th><th>handed over</th><th>to another team</th><th>answered</th></tr>
<tr><td>a person must decide</td><td>{{ report.escalation.made }}</td><td>{{ report.escalation.wrong_team }}</td>
<td{% if report.escalation.missed %} class="bad"{% endif %}>{{ report.escalation.missed }}</td></tr>
<tr><td>answerable</td><td>{{ report.escalation.needless }}</td><td></td><td>{{ report.escalation.rightly_answered }}</td></tr></table>

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
