"""Which input columns of each matrix matter on a client's own prompts: llama.cpp's importance matrix.

`quantise` spends its bits on them. Measure on training prompts, never on the test split: the
quantised file is judged there.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from support_pipeline.model.gguf.architecture import read_architecture
from support_pipeline.model.gguf.checkpoint import Checkpoint, Floats
from support_pipeline.model.gguf.merge import load_with_adapter, token_ids


def measure(checkpoint: Path, texts: Sequence[str], *, device: str = "cpu") -> dict[str, Floats]:
    """GGUF tensor name -> mean square of each input column over all tokens of the texts.

    Embeddings have no inputs and tied output matrices are left out, as llama.cpp does.
    """
    import torch

    shape = read_architecture(Checkpoint(checkpoint).config, where=str(checkpoint / "config.json"))
    model = load_with_adapter(checkpoint, None, device=device)
    squares: dict[str, Any] = defaultdict(float)
    tokens = 0

    def watch(name: str) -> Any:
        def add(_module: Any, inputs: tuple[Any, ...], _output: Any) -> None:
            squares[name] = squares[name] + inputs[0].flatten(0, -2).square().sum(0, dtype=torch.float64)

        return add

    for module_name, module in model.named_modules():
        target = shape.tensor_name(f"{module_name}.weight")
        if isinstance(module, torch.nn.Linear) and target and not (shape.tied and target == "output.weight"):
            module.register_forward_hook(watch(target))
    with torch.inference_mode():
        for ids in token_ids(checkpoint, texts):
            model(input_ids=torch.tensor([ids], device=device))
            tokens += len(ids)
    return {
        name: (total / tokens).cpu().numpy().astype(np.float32) for name, total in sorted(squares.items())
    }
