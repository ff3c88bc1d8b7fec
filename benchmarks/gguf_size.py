"""What converting and quantising a large checkpoint takes: memory against its largest shard, and minutes.

    python benchmarks/gguf_size.py [--shape 1b] [--shard-gb 1.2] [--folder /tmp/...] [--quantisation Q4_K_M]

Writes a checkpoint of that shape with random weights in shards, then converts it to F16 and quantises
it, each in a process of its own whose peak memory (VmHWM without the mapped file pages, VmRSS split by
/proc) and CPU seconds are read. Named alternative: the whole checkpoint in memory, as `from_pretrained`
holds it before `save_pretrained`. The 8B figures are extrapolated: seconds by bytes, memory by the
largest tensor, since both steps hold one tensor at a time.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from shaped import SHAPES, tensors, write_checkpoint

STEP = """
import sys, threading, time
from pathlib import Path
anonymous = 0
def watch():
    global anonymous
    while True:
        for line in open("/proc/self/status"):
            if line.startswith("RssAnon"):
                anonymous = max(anonymous, int(line.split()[1]) * 1024)
        time.sleep(0.01)
threading.Thread(target=watch, daemon=True).start()
step, source, target, kind = sys.argv[1:]
if step == "convert":
    from support_pipeline.model.gguf.convert import convert
    convert(Path(source), Path(target))
elif step == "quantise":
    from support_pipeline.model.gguf.quantise import quantise
    quantise(Path(source), Path(target), kind, threads=2)
else:
    import torch
    from transformers import AutoModelForCausalLM
    AutoModelForCausalLM.from_pretrained(source, dtype=torch.float16).save_pretrained(target)
print(anonymous)
"""


def main() -> None:
    """Writes, converts, quantises, prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, default="1b")
    parser.add_argument("--shard-gb", type=float, default=1.2)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--quantisation", default="Q4_K_M")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as scratch:
        root = Path(scratch)
        shard = write_checkpoint(root / "base", chosen.shape, shard_bytes=int(chosen.shard_gb * 1e9))
        whole = sum(file.stat().st_size for file in (root / "base").glob("*.safetensors"))
        common = {
            "benchmark": "gguf_size",
            "shape": chosen.shape,
            "shard_mb": shard >> 20,
            "checkpoint_mb": whole >> 20,
        }
        f16, small = root / "f16.gguf", root / "small.gguf"
        steps = {
            "convert to F16": measured("convert", root / "base", f16, ""),
            f"quantise to {chosen.quantisation}": measured("quantise", f16, small, chosen.quantisation),
        }
        f16.unlink()
        steps["from_pretrained + save_pretrained"] = measured("load", root / "base", root / "copy", "")
        for name, found in steps.items():
            ratio = found["peak_mb"] / (shard >> 20)
            print(json.dumps({**common, "step": name, **found, "peak_to_shard": round(ratio, 2)}), flush=True)
        ours = [found for name, found in steps.items() if not name.startswith("from_")]
        print(json.dumps(common | {"step": "8B by extrapolation"} | extrapolated(ours, chosen.shape)))


def measured(step: str, source: Path, target: Path, kind: str) -> dict[str, Any]:
    """Seconds, CPU seconds, and peak anonymous memory of one step (file pages are the kernel's to drop)."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", STEP, step, str(source), str(target), kind], stdout=subprocess.PIPE, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "peak_mb": int(done.stdout.split()[-1]) >> 20,
    }


def extrapolated(steps: list[dict[str, Any]], shape: str) -> dict[str, Any]:
    """An 8B model of the hub's layout (shards of up to 5 GB): seconds by weights, memory by the largest tensor."""
    sizes = {name: [_count(dims) for _, dims in tensors(SHAPES[name])] for name in (shape, "llama-3-8b")}
    weights = sum(sizes["llama-3-8b"]) / sum(sizes[shape])
    largest = max(sizes["llama-3-8b"]) / max(sizes[shape])
    peak = max(step["peak_mb"] for step in steps) * largest
    return {
        "cpu_minutes": round(sum(step["cpu_seconds"] for step in steps) * weights / 60, 1),
        "minutes": round(sum(step["seconds"] for step in steps) * weights / 60, 1),
        "peak_mb": round(peak),
        "peak_to_shard": round(peak / 4768, 2),
    }


def _count(dims: tuple[int, ...]) -> int:
    total = 1
    for size in dims:
        total *= size
    return total


if __name__ == "__main__":
    main()
