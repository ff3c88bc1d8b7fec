"""The command line: `support-pipeline client|run|ask|status`. Exit code 2 is an input to be cured, 1 a failed run."""

from support_pipeline.cli.main import main

__all__ = ["main"]
