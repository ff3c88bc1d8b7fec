"""One reason for each ticket, by layers: the helpdesk's signals, the client's rules, then text.

The verdict names the layer and the evidence, so that `explain` can show why. Reasons that hand over
to a person come before those that exclude for want of a reply: a ticket that was escalated needs no
settling answer to teach the hand-over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from support_pipeline.clients import ClientConfig
from support_pipeline.data.filtering import learned, rules, signals
from support_pipeline.data.filtering.disowned import disowned, speaks_of_money
from support_pipeline.data.filtering.distress import borrows, worst
from support_pipeline.data.filtering.granted import granted_exception
from support_pipeline.data.filtering.intents import intents
from support_pipeline.data.filtering.language import foreign_language
from support_pipeline.data.filtering.learned import Scores
from support_pipeline.data.filtering.reasons import ESCALATING, PAIRED, Reason
from support_pipeline.data.filtering.several import several_requests
from support_pipeline.data.filtering.turns import act, has_link
from support_pipeline.data.tickets import Ticket

Layer = Literal["signals", "client", "conversation", "rules", "learned", "default"]

MULTI_ISSUE_INTENTS = 2


@dataclass(frozen=True, slots=True)
class Conversation:
    """The public words of a ticket, cleaned.

    `customer` holds the messages up to the settling reply without closings, `agents` every agent
    message, `resolution` the settling reply or "" where there is none.
    """

    subject: str
    customer: tuple[str, ...]
    agents: tuple[str, ...]
    resolution: str

    @property
    def question(self) -> str:
        """All that the customer asked, one message a paragraph."""
        return "\n\n".join(self.customer)

    @property
    def asked(self) -> str:
        """Subject and question together."""
        return f"{self.subject}\n\n{self.question}" if self.subject else self.question


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one reason, the layer that gave it and what it saw."""

    reason: Reason
    layer: Layer
    evidence: str


class Classifier:
    """The layers for one client, with its rules compiled once."""

    def __init__(self, config: ClientConfig) -> None:
        self.language = config.language
        self._scorer = learned.Scorer()
        self.client_rules = rules.ClientRules.of(config.filters, f"client '{config.id}': filters")

    def verdicts(self, tickets: Sequence[Ticket], conversations: Sequence[Conversation]) -> list[Verdict]:
        """A verdict for each ticket; the learned models score the whole batch at once."""
        scores = self._scorer.score([conversation.customer for conversation in conversations])
        return [
            self._verdict(ticket, conversation, score)
            for ticket, conversation, score in zip(tickets, conversations, scores, strict=True)
        ]

    def _verdict(self, ticket: Ticket, conversation: Conversation, scores: Scores) -> Verdict:
        if found := signals.status_reason(ticket):
            return Verdict(found[0], "signals", found[1])
        first = self._named(ticket, conversation)
        if first and first.reason not in PAIRED:
            return first
        if not conversation.customer:
            return Verdict("empty", "conversation", "no customer message says anything")
        if first and first.reason != "needs_human":
            return first if first.reason in ESCALATING else self._settled(conversation) or first
        asked = rules.customer_reasons(conversation.asked)
        if "not_support" in asked:
            return Verdict("not_support", "rules", asked["not_support"])
        if foreign := foreign_language(conversation.question, ticket.language, self.language):
            return Verdict("language", "conversation", foreign)
        return (
            self._escalation(conversation, asked, scores, first)
            or self._settled(conversation)
            or Verdict("answerable", "default", "no rule and no model says otherwise")
        )

    def _named(self, ticket: Ticket, conversation: Conversation) -> Verdict | None:
        if found := signals.tag_reason(ticket.tags):
            return Verdict(found[0], "signals", found[1])
        if client := self.client_rules.reason(ticket.tags, conversation.asked):
            return Verdict(client[0], "client", client[1])
        if escalated := signals.resolution_reason(ticket):
            return Verdict(escalated[0], "signals", escalated[1])
        return None

    def _escalation(
        self, conversation: Conversation, asked: dict[str, str], scores: Scores, first: Verdict | None
    ) -> Verdict | None:
        """Why a person had to decide; a more telling reason replaces the helpdesk's bare "escalated"."""
        if "fraud_dispute" in asked:
            return Verdict("fraud_dispute", "rules", asked["fraud_dispute"])
        if "account_takeover" in asked and not has_link(conversation.resolution):
            return Verdict("fraud_dispute", "rules", asked["account_takeover"])
        if (denied := disowned(conversation.asked)) and not has_link(conversation.resolution):
            return Verdict("fraud_dispute", "rules", denied)
        if scores.fraud >= learned.threshold("fraud") and speaks_of_money(conversation.asked):
            return Verdict("fraud_dispute", "learned", f"score {scores.fraud:.2f}")
        if granted := granted_exception("\n".join(conversation.agents)):
            return Verdict("policy_exception", "rules", granted)
        if "emotional_escalation" in asked:
            return Verdict("emotional_escalation", "rules", asked["emotional_escalation"])
        shown = worst((conversation.subject, *conversation.customer))
        signs = " and ".join(shown.signs)
        if shown.enough:
            return Verdict("emotional_escalation", "rules", signs)
        needed = learned.threshold("emotional:said" if shown.said else "emotional")
        if scores.emotional >= needed and (shown.signs or not borrows(conversation.asked)):
            return Verdict("emotional_escalation", "learned", f"score {scores.emotional:.2f} {signs}".strip())
        if first:
            return first
        if (handed := rules.handed_over(conversation.resolution)) and not has_link(conversation.resolution):
            return Verdict("needs_human", "rules", handed)
        return _several(conversation, scores)

    def _settled(self, conversation: Conversation) -> Verdict | None:
        if conversation.resolution:
            return None
        acts = {act(text) for text in conversation.agents}
        if not acts:
            return Verdict("no_resolution", "conversation", "no public agent reply")
        if acts <= {"courtesy", "notice", "nothing"}:
            return Verdict(
                "boilerplate_only", "conversation", "agents' replies are courtesies and notices only"
            )
        return Verdict("no_resolution", "conversation", "agents only asked back or promised to look")


def _several(conversation: Conversation, scores: Scores) -> Verdict | None:
    if has_link(conversation.resolution):  # one help page settled it
        return None
    if counted := rules.several_problems(conversation.question):
        return Verdict("multi_issue", "rules", counted)
    if apart := several_requests(conversation.customer[0]):  # later messages answer and ask back
        return Verdict("multi_issue", "rules", apart)
    asked = intents(conversation.question)
    joined = len(asked) >= MULTI_ISSUE_INTENTS and rules.joins_requests(conversation.question)
    if joined and scores.multi_issue >= learned.threshold("multi_issue:joined"):
        about = ", ".join(asked[:3])
        return Verdict("multi_issue", "learned", f"score {scores.multi_issue:.2f}, about {about}")
    if scores.multi_issue >= learned.threshold("multi_issue"):
        return Verdict("multi_issue", "learned", f"score {scores.multi_issue:.2f}")
    return None


@lru_cache(maxsize=8)
def _classifier(config_json: str) -> Classifier:
    return Classifier(ClientConfig.model_validate_json(config_json))


def classify(ticket: Ticket, conversation: Conversation, config: ClientConfig) -> Verdict:
    """The verdict on one ticket; for many, make one `Classifier` and give it batches."""
    return _classifier(config.model_dump_json()).verdicts([ticket], [conversation])[0]
