"""The child process that holds llama.cpp: `python -m support_pipeline.serving.engine.embedded_server`.

It is a process of its own because a bad GGUF or a defect in C++ ends the process it runs in. It
listens on loopback only, tells its parent the address through an inherited pipe, and dies with its
parent. Start it through `LlamaCppEngine`.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from support_pipeline.processes import tie_to_parent

KEY_VARIABLE = "SUPPORT_PIPELINE_ENGINE_KEY"
_PARENT_CHECK_SECONDS = 0.5
_WARNINGS = 2  # llama.cpp's information level writes ten lines a request


def main() -> None:
    arguments = _arguments()
    if arguments.die_with_thread:
        # The kernel means the parent *thread*, so this alone would kill a server started from a worker
        # thread that ends; the parent process is watched below as well.
        tie_to_parent()
    server = _start(arguments)  # it stops when nothing refers to it
    with os.fdopen(arguments.ready_fd, "w", encoding="utf-8") as ready:
        ready.write(server.listening_address + "\n")
    while os.getppid() == arguments.parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--adapter", type=Path, action="append", default=[], help="LoRA GGUF, loaded at scale 0"
    )
    parser.add_argument("--context", type=int, required=True, help="tokens of context a slot")
    parser.add_argument("--parallel", type=int, required=True, help="slots")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--parent", type=int, required=True, help="process id to die with")
    parser.add_argument("--ready-fd", type=int, required=True, help="where the address is written")
    parser.add_argument(
        "--die-with-thread", action="store_true", help="the parent started this from its main thread"
    )
    return parser.parse_args()


def _start(arguments: argparse.Namespace) -> Any:
    """Load the model and listen."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(arguments.model)
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = arguments.port
    parameters.api_keys = [os.environ[KEY_VARIABLE]]
    parameters.n_parallel = arguments.parallel
    parameters.n_ctx = arguments.context * arguments.parallel
    parameters.fit_params = False
    parameters.ctx_shift = False
    parameters.cpuparams.n_threads = arguments.threads
    parameters.cpuparams_batch.n_threads = arguments.threads
    # The host-RAM prompt cache does not know which adapter a prompt was read with.
    parameters.cache_ram_mib = 0
    parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(path), 0.0) for path in arguments.adapter]
    parameters.endpoint_slots = False
    parameters.verbosity = _WARNINGS
    parameters.ui = False
    try:
        return xllamacpp.Server(parameters)
    except RuntimeError as error:
        sys.exit(str(error))  # llama.cpp has said why in the log; a traceback would bury it


if __name__ == "__main__":
    main()
