"""Alerts to people outside: a Slack-compatible webhook, e-mail. Configured by one YAML, secrets by variable name.

    # alerts.yaml, beside clients/ (or where SUPPORT_PIPELINE_ALERTS says)
    web_ui: http://dagster.example.com:3000       # links in the messages
    on: [failure, refused, released, late]        # default: all
    slack: {webhook_env: SUPPORT_PIPELINE_SLACK_WEBHOOK}
    email:
      host: smtp.example.com
      port: 587
      security: starttls                          # starttls, tls or none
      user_env: SMTP_USER                         # leave both out for a server without a login
      password_env: SMTP_PASSWORD
      from: support-models@example.com
      to: [data@example.com]

Without the file, SUPPORT_PIPELINE_SLACK_WEBHOOK alone is enough.
"""

import json
import os
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from support_pipeline.clients import SAFE_LOADER
from support_pipeline.errors import ConfigError, SupportPipelineError

Event = Literal["failure", "refused", "released", "late"]
SLACK_VARIABLE = "SUPPORT_PIPELINE_SLACK_WEBHOOK"
EnvironmentName = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]
PAUSES_SECONDS = (1.0, 3.0)
"""Pauses before the second and the third try."""
TIMEOUT_SECONDS = 10


class AlertError(SupportPipelineError):
    """An alert could not be delivered."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Slack(_Section):
    """An incoming webhook of Slack, or of what speaks as it does (Mattermost, Discord's /slack, Rocket.Chat)."""

    webhook_env: EnvironmentName = SLACK_VARIABLE


class Email(_Section):
    """A mail server and who gets the mails."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user_env: EnvironmentName | None = None
    password_env: EnvironmentName | None = None
    sender: Annotated[str, Field(alias="from", pattern=r"^[^@\s]+@[^@\s]+$")]
    to: Annotated[tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...], Field(min_length=1)]


class AlertSettings(_Section):
    """Where alerts go, and about what; nowhere when neither channel is set."""

    web_ui: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    on: tuple[Event, ...] = ("failure", "refused", "released", "late")
    slack: Slack | None = None
    email: Email | None = None


@dataclass(frozen=True)
class Alert:
    """One message: a line that says all, and the details."""

    event: Event
    title: str
    text: str = ""
    link: str | None = None


def load_alert_settings(root: Path) -> AlertSettings:
    """The settings in `alerts.yaml` under the project's root, or where SUPPORT_PIPELINE_ALERTS says.

    Raises:
        ConfigError: with every problem of the file.
    """
    named = os.environ.get("SUPPORT_PIPELINE_ALERTS")
    path = Path(named) if named else root / "alerts.yaml"
    if not named and not path.exists():
        return AlertSettings(slack=Slack() if os.environ.get(SLACK_VARIABLE) else None)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)
        # YAML 1.1 reads the bare key `on` as true.
        return AlertSettings.model_validate(
            {"on" if key is True else key: value for key, value in content.items()}
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError) as error:
        raise ConfigError(str(path), [f"cannot be read as YAML settings: {error}"]) from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise ConfigError(str(path), problems) from error


def send(settings: AlertSettings, alert: Alert) -> list[str]:
    """Delivers an alert to every channel; the channels that have it. Each is tried three times.

    Raises:
        AlertError: a channel did not take it; the others have it all the same.
    """
    if alert.event not in settings.on:
        return []
    done, failed = [], []
    for name, deliver in _channels(settings):
        try:
            _patiently(deliver, alert)
            done.append(name)
        except (OSError, smtplib.SMTPException, SupportPipelineError) as error:
            failed.append(f"{name}: {error}")
    if failed:
        raise AlertError(f"alert '{alert.title}' was not delivered by {'; '.join(failed)}")
    return done


def _channels(settings: AlertSettings) -> list[tuple[str, Callable[[Alert], None]]]:
    found: list[tuple[str, Callable[[Alert], None]]] = []
    slack, email = settings.slack, settings.email
    if slack is not None:
        found.append(("slack", lambda alert: _post(_secret(slack.webhook_env), slack_payload(alert))))
    if email is not None:
        found.append(("email", lambda alert: _mail(email, mail(email, alert))))
    return found


def _patiently(deliver: Callable[[Alert], None], alert: Alert) -> None:
    for pause in PAUSES_SECONDS:
        try:
            return deliver(alert)
        except (OSError, smtplib.SMTPException):
            time.sleep(pause)
    return deliver(alert)


def slack_payload(alert: Alert) -> dict[str, object]:
    """The message as Slack reads it; `text` is what others and notifications show."""
    lines = [f"*{_escaped(alert.title)}*", *([_escaped(alert.text)] if alert.text else [])]
    if alert.link:
        lines.append(f"<{alert.link}|open in Dagster>")
    text = "\n".join(lines)
    block = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": text[:2900]},
    }  # Slack takes 3,000 characters
    return {"text": text, "blocks": [block]}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mail(settings: Email, alert: Alert) -> EmailMessage:
    """The message as a mail."""
    message = EmailMessage()
    message["Subject"] = " ".join(alert.title.split())
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.to)
    message.set_content("\n\n".join(part for part in (alert.title, alert.text, alert.link or "") if part))
    return message


def _post(url: str, payload: dict[str, object]) -> None:
    request = urllib.request.Request(url, json.dumps(payload).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return
    except urllib.error.HTTPError as error:
        # Its address is the secret, so it is not in the message.
        raise OSError(f"the webhook answered {error.code} {error.reason}") from error


def _mail(settings: Email, message: EmailMessage) -> None:
    tls = ssl.create_default_context()
    secure = settings.security == "tls"
    server: smtplib.SMTP = (
        smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_SECONDS, context=tls)
        if secure
        else smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_SECONDS)
    )
    with server:
        if settings.security == "starttls":
            server.starttls(context=tls)
        if settings.user_env and settings.password_env:
            server.login(_secret(settings.user_env), _secret(settings.password_env))
        server.send_message(message)


def _secret(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ConfigError("alerts", [f"the environment variable {variable} is not set"])
    return value


def within(texts: Sequence[str], characters: int = 1500) -> str:
    """Lines joined, cut where a message would become too long."""
    text = "\n".join(texts)
    return text if len(text) <= characters else text[:characters] + " …"
