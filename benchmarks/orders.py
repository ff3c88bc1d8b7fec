"""What the guard on tickets makes of attacks that it was neither mended on nor fitted to, and of ordinary tickets like them.

    python benchmarks/orders.py [--set FILE] [--missed]

One JSON line a set. The sets of `attacks/` were written before the guard was asked. Read a set's figure only once: who
mends the guard on its misses must write another one, and moves the spent one into
`support_pipeline/serving/guardrails/orders/written.toml`.
"""

import argparse
import json
import tomllib
from pathlib import Path

from support_pipeline.serving.guardrails.injection import injections

SETS = Path(__file__).parent / "attacks"


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", type=Path, nargs="*", default=sorted(SETS.glob("*.toml")))
    parser.add_argument("--missed", action="store_true", help="show what was decided wrongly")
    given = parser.parse_args()
    for file in given.set:
        texts = tomllib.loads(file.read_text(encoding="utf-8"))
        missed = [text for text in texts["attacks"] if not injections(text)]
        taken = [text for text in texts["ordinary"] if injections(text)]
        line = {"benchmark": "orders", "set": file.stem, "attacks": len(texts["attacks"])}
        line |= {"found": len(texts["attacks"]) - len(missed)}
        line |= {"ordinary": len(texts["ordinary"]), "taken": len(taken)}
        print(json.dumps(line), flush=True)
        if given.missed:
            print(*(f"    missed: {text!r}" for text in missed), sep="\n")
            print(*(f"    taken: {text!r}" for text in taken), sep="\n")


if __name__ == "__main__":
    main()
