"""The one place where chats become text: training, evaluation and serving all call this module.

A chat template is data (Jinja text that travels with the base model and every artifact made from
it), so this module renders it itself and needs no transformers. Token ids come from the base
model's own `tokenizer.json`; the GGUF proof compares them with llama.cpp's.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Template
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from support_pipeline.errors import ModelError

Message = Mapping[str, str]

SYSTEM = """\
You are the customer support assistant of {brand}.

Policies in force:
{policies}

Rules:
- Answer only from the policies above and the customer's message.
- If the answer needs live data that you do not have, say that you cannot know it.
- If a person must decide, say so and end with [Escalated to: TEAM], where TEAM is one of: {teams}."""

ESCALATION = re.compile(r"\[Escalated to:\s*([^\]\n]+?)\s*\]\s*$")


def system_message(brand: str, policies: Iterable[str], teams: Iterable[str]) -> str:
    """The system message: brand sentence, the policies in force one a line, the answer format."""
    lines = "\n".join(f"- {line}" for line in policies) or "- (none on record)"
    return SYSTEM.format(brand=brand, policies=lines, teams=", ".join(dict.fromkeys(teams)))


def user_message(subject: str, body: str) -> str:
    """The customer's turn. A subject that only repeats the start of the body is left out."""
    subject, body = subject.strip(), body.strip()
    flat = " ".join(body.split()).casefold()
    if not subject or flat.startswith(" ".join(subject.split()).casefold().rstrip(".… ")):
        return body
    return f"{subject}\n\n{body}"


def escalation(team: str) -> str:
    """The marker that ends an answer which hands over to `team`."""
    return f"[Escalated to: {team}]"


def without_hand_over(answer: str) -> str:
    """The answer without the mark that hands it over."""
    return ESCALATION.sub("", answer.rstrip())


def escalated_to(answer: str) -> str | None:
    """The team that an answer hands over to, or None when it does not."""
    found = ESCALATION.search(answer.rstrip())
    return found.group(1) if found else None


def neutralise(text: str, special: Sequence[str]) -> str:
    """Customer text with the tokenizer's special strings broken, so that none is read as control.

    A zero-width space after the first character keeps the text readable for people while the
    tokenizer no longer finds the special token.
    """
    for token in sorted((s for s in special if s), key=len, reverse=True):
        if token in text:
            text = text.replace(token, token[0] + "\u200b" + token[1:])
    return text


def template_sha256(template: str) -> str:
    """The digest that every artifact and every served draft carries."""
    return hashlib.sha256(template.encode()).hexdigest()


def _refuse(message: str) -> None:
    raise TemplateError(message)


@lru_cache(maxsize=16)
def _compiled(template: str) -> Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda pattern: datetime(2026, 1, 1).strftime(pattern)
    return environment.from_string(template)


def render(
    messages: Sequence[Message],
    template: str,
    *,
    bos_token: str = "",
    eos_token: str = "",
    add_generation_prompt: bool = False,
    **variables: Any,
) -> str:
    """Messages as the model reads them.

    Raises:
        ModelError: the template refuses these messages (a role order it does not know, say).
    """
    try:
        return _compiled(template).render(
            messages=list(messages),
            bos_token=bos_token,
            eos_token=eos_token,
            add_generation_prompt=add_generation_prompt,
            **variables,
        )
    except TemplateError as error:
        roles = ", ".join(message["role"] for message in messages)
        raise ModelError(
            f"chat template {template_sha256(template)[:12]}: cannot render roles [{roles}]: {error}. "
            "Use a base model whose template takes system, user and assistant messages."
        ) from error
