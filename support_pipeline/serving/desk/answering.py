"""From a client's name and a ticket's text to the router's answer, on whatever is live at the moment."""

from collections.abc import Sequence
from typing import Protocol

from support_pipeline.serving.decisions.drafts import Answered
from support_pipeline.serving.decisions.readiness import Readiness
from support_pipeline.serving.live import LiveModels
from support_pipeline.serving.router import RouterAnswer, answer

NO_MODEL = "none"


def answered_of(found: RouterAnswer, model: str, *, revision: str, asked: str) -> Answered:
    """The router's answer as the desk keeps it; `asked` is what it answered, at that `revision`."""
    return Answered(
        revision=revision,
        asked=asked,
        response=found.response,
        confidence=found.confidence,
        escalate=found.escalate,
        route=found.route,
        reasons=found.reasons,
        model=model,
        suspicious=not found.trainable,
        unsendable=found.unsendable,
        audit=found.audit,
    )


class Answerer(Protocol):
    """Drafts answers. It may raise anything: the worker hands the ticket to a person."""

    def answer(self, client: str, ticket_id: str, text: str) -> tuple[RouterAnswer, str]:
        """The router's answer, and the version of the model that gave it."""
        ...

    def audited(self, client: str, wrong: bool) -> None:
        """What an agent found of a draft that could have been sent without one."""
        ...

    def readiness(self) -> Sequence[Readiness]:
        """Whether each live model answers, by asking it."""
        ...


class LiveAnswers:
    """The router on the clients' live models."""

    def __init__(self, models: LiveModels, *, deadline_seconds: float = 60.0) -> None:
        self._models, self._deadline = models, deadline_seconds

    def answer(self, client: str, ticket_id: str, text: str) -> tuple[RouterAnswer, str]:
        """The router's answer on the live model; raises as `LiveModels.lease` does."""
        with self._models.lease(client, deadline_seconds=self._deadline) as asking:
            return answer(asking, text, ticket_id), asking.version

    def audited(self, client: str, wrong: bool) -> None:
        """Tells the watch over the client's certificate."""
        watch = self._models.watch(client)
        if watch is not None:
            watch.audited(wrong)

    def readiness(self) -> Sequence[Readiness]:
        """Each live model asked a question whose answer is known; engines that do not run yet are started."""
        return [self._proved(client) for client in self._models.live_clients()]

    def _proved(self, client: str) -> Readiness:
        try:
            return Readiness(client, self._models.prove(client), True)
        except Exception as error:  # one engine that is ill must not hide the others
            return Readiness(client, "no answer", False, f"{error}")
