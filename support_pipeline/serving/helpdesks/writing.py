"""What a helpdesk must offer so that drafts reach agents and answers reach customers."""

from dataclasses import dataclass
from typing import Protocol

from support_pipeline.serving.helpdesks.threads import Thread


@dataclass(frozen=True)
class NewTicket:
    """A ticket to be made at a helpdesk; `key` finds it again, so that it is made once."""

    key: str
    subject: str
    text: str
    customer_name: str
    customer_email: str


class Helpdesk(Protocol):
    """One account. `protects`: the vendor refuses a reply when the ticket is not as it was read.

    Every method raises NotReached, Refused, Moved or Uncertain (`helpdesks.calling`).
    """

    protects: bool

    def fetch(self, ticket: str) -> Thread: ...

    def reply(self, thread: Thread, text: str, key: str) -> None: ...

    def note(self, thread: Thread, text: str, key: str) -> None: ...

    def create(self, new: NewTicket) -> str: ...

    def created(self, key: str) -> str | None: ...
