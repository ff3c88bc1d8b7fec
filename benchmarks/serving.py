"""Tickets an hour through the router on the embedded engine, with the model that is live.

    SUPPORT_PIPELINE_STORE=... python benchmarks/serving.py demo-outfitters [--tickets 200] [--parallel 1]

Held-out tickets of the live release go through the whole path: cleaning, redaction, guards, prompt, engine,
guards, confidence. Beside it the engine alone on the same prompts, one after another. Needs a release that is
live (`make demo`). One JSON line.
"""

import argparse
import json
import os
import platform
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientRegistry
from support_pipeline.serving.live import LiveModels
from support_pipeline.serving.router import RouterAnswer, answer
from support_pipeline.serving.selftest import conversation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client")
    parser.add_argument("--tickets", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=1)
    given = parser.parse_args()
    store, registry = Store.default(), ClientRegistry.default()
    with LiveModels(store, registry, parallel=given.parallel, threads=1, waiting=given.tickets) as models:
        started = time.perf_counter()
        models.warm(given.client)
        warm_seconds = time.perf_counter() - started
        with models.lease(given.client) as asking:
            as_of = asking.version.split(":")[1][:7]
            index = pl.read_parquet(
                store.release(given.client, as_of, "jsonl_splits").local() / "index.parquet"
            )
            texts = index.filter(pl.col("split") == "test")["customer_text"].to_list()
            texts = (texts * (given.tickets // len(texts) + 1))[: given.tickets]

            def engine_alone(text: str) -> int:
                prompt = asking.chat.text(
                    conversation(asking.config, asking.day, text), add_generation_prompt=True
                )
                tokens = asking.config.evaluation.max_answer_tokens
                return asking.engine.generate(
                    prompt, max_tokens=tokens, deadline_seconds=120
                ).generated_tokens

            def routed(text: str) -> RouterAnswer:
                return answer(asking, text, str(hash(text)))

            with ThreadPoolExecutor(given.parallel) as pool:
                started, cpu = time.perf_counter(), time.process_time()
                answers = list(pool.map(routed, texts))
                seconds, own_cpu = time.perf_counter() - started, time.process_time() - cpu
                started = time.perf_counter()
                tokens = sum(pool.map(engine_alone, texts))
                alone = time.perf_counter() - started
    print(
        json.dumps(
            {
                "benchmark": "serving",
                "client": given.client,
                "tickets": len(texts),
                "parallel": given.parallel,
                "tickets_an_hour": round(len(texts) / seconds * 3600),
                "engine_alone_an_hour": round(len(texts) / alone * 3600),
                "router_cpu_ms_a_ticket": round(own_cpu / len(texts) * 1000, 2),
                "generated_tokens": tokens,
                "routes": dict(Counter(found.route for found in answers)),
                "no_draft": sum("no draft" in reason for found in answers for reason in found.reasons),
                "start_seconds": round(warm_seconds, 2),
                "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            }
        )
    )


if __name__ == "__main__":
    main()
