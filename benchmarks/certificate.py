"""Is the certificate a promise? Many simulated clients, the real certification, and the truth about each.

Every client has its own error rate, its own quality of the confidence features and its own number of
reviewed tickets. `certify` sees a sample; the true P(wrong and sent) of the threshold that it chose is
then counted on a large population of the same client. The promise is broken where it exceeds alpha; that
may happen for a share delta of the clients. Beside it, on the same scores: the threshold whose error in
the sample is at most alpha, as it is often tuned.

    python benchmarks/certificate.py [--clients 1000]
"""

import argparse
import json
import platform
import time

import numpy as np

from support_pipeline.model.verdict.shares import lower_bound, upper_bound
from support_pipeline.serving.confidence import Binding, Labelled, Novelty, certify, naive
from support_pipeline.serving.confidence.features import NAMES

POPULATION = 20_000
BINDING = Binding(model="m", adapter="a", template="t", policies="p", engine="e")


def draw(random: np.random.Generator, rows: int, error: float, signal: float, blocked: float):
    """Features, wrongness and sendability of a client's tickets: wrong drafts look a little different."""
    wrong = random.random(rows) < error
    values = random.normal(0, 1, (rows, len(NAMES)))
    values[:, :4] -= signal * wrong[:, None] * random.uniform(0.4, 1.0, (rows, 4))
    values[:, 6:8] += 0.5 * signal * wrong[:, None]
    sendable = random.random(rows) >= blocked + 0.3 * wrong
    return values, wrong, sendable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--delta", type=float, default=0.10)
    given = parser.parse_args()
    started = time.perf_counter()
    broken = naive_broken = none = 0
    coverage, naive_coverage = [], []
    for seed in range(given.clients):
        random = np.random.default_rng(seed)
        client = (random.uniform(0.06, 0.35), random.uniform(0.3, 1.8), random.uniform(0.0, 0.2))
        values, wrong, sendable = draw(random, int(random.integers(100, 1200)), *client)
        rows = [
            Labelled(str(i), dict(zip(NAMES, map(float, row), strict=True)), bool(ok), bool(bad), "approval")
            for i, (row, bad, ok) in enumerate(zip(values, wrong, sendable, strict=True))
        ]
        certificate = certify(
            rows, BINDING, Novelty(), client="c", version=f"c:{seed}", alpha=given.alpha, delta=given.delta
        )
        score = certificate.score
        # The population by the certificate's own score.
        many, many_wrong, many_sendable = draw(random, POPULATION, *client)
        z = np.clip((many - np.array(score.mean)) / np.array(score.scale), -5, 5) @ np.array(score.weights)
        scores = 1 / (1 + np.exp(-np.clip(z + score.bias, -30, 30)))

        def risk(
            threshold: float | None, scores=scores, bad=many_wrong, ok=many_sendable
        ) -> tuple[float, float]:
            sent = (scores >= threshold) & ok if threshold is not None else np.zeros(POPULATION, bool)
            return float((sent & bad).mean()), float(sent.mean())

        true_risk, sent = risk(certificate.send_from)
        broken += true_risk > given.alpha
        none += certificate.send_from is None
        coverage.append(sent)
        tuned = naive(
            [score.score(row.features) if row.sendable else None for row in rows],
            [row.wrong for row in rows],
            given.alpha,
        )
        naive_risk, naive_sent = risk(tuned)
        naive_broken += naive_risk > given.alpha
        naive_coverage.append(naive_sent)
    n = given.clients
    print(
        json.dumps(
            {
                "benchmark": "certificate",
                "clients": n,
                "alpha": given.alpha,
                "delta": given.delta,
                "broken": round(broken / n, 4),
                "broken_95": [round(lower_bound(broken, n), 4), round(upper_bound(broken, n), 4)],
                "kept": broken / n <= given.delta,
                "no_certificate": round(none / n, 4),
                "coverage": round(float(np.mean(coverage)), 4),
                "naive_broken": round(naive_broken / n, 4),
                "naive_coverage": round(float(np.mean(naive_coverage)), 4),
                "seconds": round(time.perf_counter() - started, 1),
                "machine": f"{platform.machine()}, Python {platform.python_version()}",
            }
        )
    )


if __name__ == "__main__":
    main()
