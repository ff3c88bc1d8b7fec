"""The errors that a user can meet. Every message says what is wrong, where, and the cure.

A `SupportPipelineError` reaches the command line as one clear message and exit code 2, and Dagster
as a failed step without retries. Anything else that is raised is a defect of this project.
"""

from collections.abc import Sequence


class SupportPipelineError(Exception):
    """Base of all errors that are the user's to cure."""


class ConfigError(SupportPipelineError):
    """A client YAML or an argument is wrong; holds every problem of the file at once."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        self.where = where
        self.problems = tuple(problems)
        super().__init__(f"{where}: " + "; ".join(self.problems))


class ExportError(SupportPipelineError):
    """A whole export (not one line of it) cannot be read."""


class ArtifactError(SupportPipelineError):
    """An artifact is missing, corrupt, or was refused by its own checks."""


class DatasetError(SupportPipelineError):
    """The pairs do not make a dataset: too few, or nothing supervised."""


class ModelError(SupportPipelineError):
    """A base model, tokenizer or template cannot be used."""


class EngineError(SupportPipelineError):
    """The model server does not start, does not answer, or failed its self-test."""


class PromotionError(SupportPipelineError):
    """A release was judged, and the decision is not to put it live."""
