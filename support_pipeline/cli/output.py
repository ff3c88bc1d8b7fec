"""How commands speak: tables for people, JSON for programs, one clear message for a wrong input."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from support_pipeline.errors import ConfigError, SupportPipelineError
from support_pipeline.storage import explained

EXIT_RUN_FAILED = 1
EXIT_WRONG_INPUT = 2

P = ParamSpec("P")
R = TypeVar("R")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """A value as JSON on stdout."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n")


def clear_errors(command: Callable[P, R]) -> Callable[P, R]:
    """A command whose user errors are one message on stderr and exit code 2, never a traceback."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with _translated():
            return command(*args, **kwargs)

    return wrapped


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        errors.print(f"[bold red]Error[/] {error.where}", markup=True)
        for problem in error.problems:
            errors.print(f"  - {problem}", markup=False)
        raise typer.Exit(EXIT_WRONG_INPUT) from error
    except SupportPipelineError as error:
        raise _told(error) from error
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        found = explained(error, os.environ.get("SUPPORT_PIPELINE_STORE", "store"))
        if found is None:
            raise
        raise _told(found) from error


def _told(error: SupportPipelineError) -> typer.Exit:
    errors.print("[bold red]Error[/] ", end="")
    errors.print(str(error), markup=False)
    return typer.Exit(EXIT_WRONG_INPUT)
