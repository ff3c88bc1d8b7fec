"""Webhooks of the four helpdesks: proven, stored, acknowledged. Nothing is fetched or drafted here.

A delivery is acknowledged once it is on disk, so a dead model server, worker or helpdesk API costs time
and no ticket. Zendesk and Intercom sign the raw body; Gorgias and Freshdesk send a secret, and what they
say is trusted for nothing but the ticket's id: the worker fetches the rest.
"""

import base64
import hashlib
import hmac
import logging
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from support_pipeline.clients import Webhook
from support_pipeline.data.exports.fields import ident, mapping
from support_pipeline.serving.decisions import intake
from support_pipeline.serving.decisions.intake import Arrival
from support_pipeline.web.desk import Desk
from support_pipeline.web.security import DeskNow, digest_equal

log = logging.getLogger(__name__)
router = APIRouter()

WINDOW_SECONDS = 300
ID_LENGTH = 255

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Delivery:
    """What a vendor's delivery is about. Without a `ticket` there is nothing to do."""

    ticket: str
    delivery_id: str
    content: Mapping[str, Any]


@router.post("/hooks/{client}/{vendor}", include_in_schema=False)
async def receive(client: str, vendor: str, request: Request, desk: DeskNow) -> JSONResponse:
    """202 for a new delivery, 200 for one that was here before or is about nothing."""
    webhook = _webhook(desk, client, vendor)
    body = await request.body()
    if not PROOFS[vendor](webhook, _secrets(webhook), request.headers, body):
        raise HTTPException(401, "the signature or secret is wrong, or the delivery is too old")
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"the body is no JSON: {error}") from error
    delivery = READERS[vendor](parsed if isinstance(parsed, dict) else {}, request.headers, body)
    if not delivery.ticket:
        return JSONResponse({"ignored": "no ticket is named"})
    arrival = Arrival(
        client,
        vendor,
        delivery.ticket[:ID_LENGTH],
        delivery.delivery_id[:ID_LENGTH],
        content=delivery.content,
    )
    fresh = await desk.write(lambda connection: intake.take_in(connection, arrival))
    if not fresh:
        return JSONResponse({"ticket_id": delivery.ticket, "duplicate": True})
    desk.worker_bell.ring()
    return JSONResponse({"ticket_id": delivery.ticket}, 202)


def _webhook(desk: Desk, client: str, vendor: str) -> Webhook:
    config = desk.client(client)
    sources = (
        [] if config is None else [one for one in config.sources if one.vendor == vendor and one.webhook]
    )
    if not sources or vendor not in PROOFS or sources[0].webhook is None:
        raise HTTPException(404, "no such webhook; give the client's source a `webhook` with a secret_env")
    return sources[0].webhook


def _secrets(webhook: Webhook) -> list[str]:
    """Every live secret: several while they are being changed. An empty one proves nothing."""
    found = [one.strip() for one in os.environ.get(webhook.secret_env, "").split(",")]
    found = [one for one in found if one]
    if not found:
        log.error("environment variable %s is not set: its webhooks are refused", webhook.secret_env)
        raise HTTPException(503, "the webhook's secret is not configured here")
    return found


# Proofs


def _any_equal(given: str, expected: list[str]) -> bool:
    return sum(digest_equal(given, one) for one in expected) > 0


def zendesk_proof(_: Webhook, secrets: list[str], headers: Headers, body: bytes) -> bool:
    """base64(HMAC-SHA256(secret, timestamp + body)), and the timestamp is not old."""
    stamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
    signed = stamp.encode("utf-8", "replace") + body
    wanted = [
        base64.b64encode(hmac.new(s.encode(), signed, hashlib.sha256).digest()).decode() for s in secrets
    ]
    return _any_equal(headers.get("x-zendesk-webhook-signature", ""), wanted) and _recent(stamp)


def _recent(stamp: str) -> bool:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return False
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return abs((datetime.now(UTC) - at).total_seconds()) <= WINDOW_SECONDS


def intercom_proof(_: Webhook, secrets: list[str], headers: Headers, body: bytes) -> bool:
    """sha1=HMAC-SHA1(client secret, body); no timestamp, so that deliveries count once is what stops replays."""
    wanted = [f"sha1={hmac.new(s.encode(), body, hashlib.sha1).hexdigest()}" for s in secrets]
    return _any_equal(headers.get("x-hub-signature", ""), wanted)


def secret_proof(webhook: Webhook, secrets: list[str], headers: Headers, body: bytes) -> bool:
    """The secret itself in the header that the client's file names."""
    return _any_equal(headers.get(webhook.header.lower(), ""), secrets)


PROOFS: dict[str, Callable[[Webhook, list[str], Headers, bytes], bool]] = {
    "zendesk": zendesk_proof,
    "intercom": intercom_proof,
    "gorgias": secret_proof,
    "freshdesk": secret_proof,
}


# What deliveries say


def read_zendesk(body: dict[str, Any], headers: Headers, raw: bytes) -> Delivery:
    """A trigger's payload (any template that names the ticket), or an event about a ticket."""
    ticket = mapping(body.get("ticket"))
    subject = str(body.get("subject") or "")
    event = ident(mapping(body.get("detail")).get("id")) if "ticket" in str(body.get("type", "")) else ""
    named = subject.removeprefix("zen:ticket:") if subject.startswith("zen:ticket:") else ""
    own = ident(body.get("id"))
    found = (
        ident(ticket.get("id"))
        or ident(body.get("ticket_id"))
        or event
        or named
        or (own if own.isdigit() else "")
    )
    delivery = headers.get("x-zendesk-webhook-invocation-id", "") or f"body-{_digest(raw)}"
    content = ticket or body
    return Delivery(found, delivery, content)


def read_intercom(body: dict[str, Any], headers: Headers, raw: bytes) -> Delivery:
    """A notification about a conversation; pings and other topics name no ticket."""
    item = mapping(mapping(body.get("data")).get("item"))
    about = str(body.get("topic") or "").startswith(
        ("conversation.user.", "conversation.contact.", "conversation.admin.")
    )
    ticket = ident(item.get("id")) if about and item.get("type") == "conversation" else ""
    return Delivery(ticket, ident(body.get("id")) or f"body-{_digest(raw)}", item)


def read_gorgias(body: dict[str, Any], headers: Headers, raw: bytes) -> Delivery:
    """A payload by template; the ticket and, where it is named, the message tell deliveries apart."""
    ticket = (
        ident(mapping(body.get("ticket")).get("id")) or ident(body.get("ticket_id")) or ident(body.get("id"))
    )
    message = ident(mapping(body.get("message")).get("id")) or ident(body.get("message_id"))
    return Delivery(ticket, f"{ticket}-{message}" if message else _own_id(), {"id": ticket})


def read_freshdesk(body: dict[str, Any], headers: Headers, raw: bytes) -> Delivery:
    """A payload by template; the ticket and, where it is named, its last change tell deliveries apart."""
    inner = mapping(body.get("freshdesk_webhook")) or body
    ticket = ident(inner.get("ticket_id")) or ident(inner.get("id")) or ident(inner.get("ticket_display_id"))
    changed = ident(inner.get("ticket_updated_at")) or ident(inner.get("updated_at"))
    return Delivery(ticket, f"{ticket}-{changed}" if changed else _own_id(), {"id": ticket})


READERS: dict[str, Callable[[dict[str, Any], Headers, bytes], Delivery]] = {
    "zendesk": read_zendesk,
    "intercom": read_intercom,
    "gorgias": read_gorgias,
    "freshdesk": read_freshdesk,
}


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _own_id() -> str:
    # A template may say the same words about two messages; that one revision has one draft still holds.
    return f"unnamed-{uuid.uuid4().hex}"
