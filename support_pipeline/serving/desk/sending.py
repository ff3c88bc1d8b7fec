"""One job of the outbox at its helpdesk: look, mark, call once, and write down what is known.

A customer never hears twice: whatever may have been sent is looked for first, and where looking does
not settle it a person decides. Notes for agents are harmless to repeat and are looked for as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from support_pipeline.clients import ClientConfig
from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions.outbox import Job, State
from support_pipeline.serving.helpdesks.calling import Moved, NotReached, Refused, Uncertain
from support_pipeline.serving.helpdesks.threads import THREAD, Thread, open_turn, written
from support_pipeline.serving.helpdesks.writing import Helpdesk, NewTicket

ATTEMPTS = 12
LONGEST_WAIT_SECONDS = 3600.0
SETTLE_SECONDS = 120.0
"""How long after an unanswered request its effect is looked for; longer than any gateway waits."""


@dataclass(frozen=True)
class Outcome:
    """What became of a job. `later`: seconds until it is due again."""

    state: State
    result: str
    later: float = 0.0


@dataclass(frozen=True)
class Errand:
    """A job with all that it needs. `mark` must be called, and have returned, before the call with an effect.

    `place` is the helpdesk's ticket where one is known; without it one is looked for and made.
    """

    job: Job
    draft: Mapping[str, Any]
    config: ClientConfig
    place: str
    page: str
    mark: Callable[[], None]
    settle_seconds: float = SETTLE_SECONDS


def run(errand: Errand, helpdesk: Helpdesk) -> Outcome:
    """Does a `note`, `reply` or `create` job. Never raises."""
    job = errand.job
    try:
        if job.kind == "reply":
            return _reply(errand, helpdesk)
        return _note(errand, helpdesk)
    except NotReached as error:
        return _later(job, str(error), error.wait_seconds)
    except Moved as error:
        return _later(job, str(error), 2.0)
    except Uncertain as error:
        if job.kind != "note":
            return Outcome("unsure", str(error), errand.settle_seconds)
        return _later(job, str(error), None)
    except (Refused, SupportPipelineError) as error:
        return Outcome("failed", str(error))
    except Exception as error:  # an answer nobody has thought of: a person looks, nothing is repeated
        return Outcome("failed", f"{type(error).__name__}: {error}")


def _later(job: Job, why: str, wait: float | None) -> Outcome:
    if job.attempts >= ATTEMPTS:
        return Outcome("failed", f"gave up after {job.attempts} attempts: {why}")
    backoff = min(LONGEST_WAIT_SECONDS, 2.0**job.attempts)
    return Outcome("waiting", why, max(wait or 0.0, backoff if wait is None else 0.0))


def _reply(errand: Errand, helpdesk: Helpdesk) -> Outcome:
    job, text = errand.job, str(errand.job.payload["text"])
    place = errand.place or _placed(errand, helpdesk)
    thread = helpdesk.fetch(place)
    if written(thread.ticket, text, public=True, since=_begun(job)):
        return Outcome("done", f"{place}: sent (found in the ticket)")
    if job.unsure and not helpdesk.protects:
        return Outcome(
            "failed",
            "an earlier attempt got no answer and the reply is not in the ticket. It was not sent again: look at the "
            "ticket, then send it again or call it settled.",
        )
    if _customer_wrote(errand, thread):
        return Outcome("cancelled", "the customer wrote again before it was sent")
    errand.mark()
    helpdesk.reply(thread, text, job.send_key)
    return Outcome("done", f"{place}: sent")


def _customer_wrote(errand: Errand, thread: Thread) -> bool:
    revision = str(errand.draft["revision"])
    return revision.startswith(THREAD) and open_turn(thread.ticket).revision != revision


def _note(errand: Errand, helpdesk: Helpdesk) -> Outcome:
    place = errand.place or _placed(errand, helpdesk)
    thread = helpdesk.fetch(place)
    text = note_text(errand.draft, errand.page)
    if not written(thread.ticket, note_mark(errand.draft), public=False, since=_begun(errand.job)):
        errand.mark()
        helpdesk.note(thread, text, errand.job.send_key)
    return Outcome("done", f"{place}: noted")


def _placed(errand: Errand, helpdesk: Helpdesk) -> str:
    """The ticket of a text that came to the router: found by its key, or made with it."""
    draft = errand.draft
    key = f"sp-{draft['id']}"
    if found := helpdesk.created(key):
        return found
    if errand.job.unsure and not helpdesk.protects:
        raise SupportPipelineError(
            f"an earlier attempt to make a ticket got no answer, and none with the reference {key} is found. Look at the "
            "helpdesk, then send it again or call it settled."
        )
    if not draft["customer_email"]:
        raise SupportPipelineError(
            "the ticket has no customer_email, so no helpdesk ticket can be made of it."
        )
    errand.mark()
    names = ("subject", "text", "customer_name", "customer_email")
    return helpdesk.create(NewTicket(key=key, **{name: draft[name] for name in names}))


def note_mark(draft: Mapping[str, Any]) -> str:
    """The line by which our note is known."""
    return f"[support_pipeline draft {draft['id']}]"


def note_text(draft: Mapping[str, Any], page: str) -> str:
    """What an agent reads in the helpdesk: why the draft is here, the draft, and where to decide."""
    reasons = "\n".join(f"- {reason}" for reason in draft["reasons"]) or "- none given"
    lines = [
        f"{note_mark(draft)} Not sent. Confidence: {draft['confidence']}. A person must decide.",
        f"Why:\n{reasons}",
        f"Draft:\n{draft['response'] or '(no draft)'}",
    ]
    return "\n\n".join([*lines, f"Decide here: {page}"] if page else lines)


def _begun(job: Job) -> datetime:
    return datetime.fromisoformat(job.begun_at) if job.begun_at else datetime.now(UTC)
