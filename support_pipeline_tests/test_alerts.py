"""Alerts through a real webhook and a real mail server on this machine, and what happens when they refuse."""

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from support_pipeline import alerts
from support_pipeline.alerts import Alert, AlertError, AlertSettings, Email, Slack, load_alert_settings, send
from support_pipeline.errors import ConfigError

ALERT = Alert("failure", "acme: release 2026-09 failed", "lora_adapter: <bad> & worse", "http://ui/runs/1")


class Webhook(BaseHTTPRequestHandler):
    """Takes posts; answers 500 as often as the server's `failures` says."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.failures -= 1
        if server.failures >= 0:
            self.send_error(500, "busy")
            return
        server.received.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a mail takes."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        lines: list[str] = []
        data = False
        while line := self.rfile.readline().decode().rstrip("\r\n") or data:
            text = str(line) if line is not True else ""
            if data:
                data = text != "."
                lines.append(text)
                if not data:
                    self.server.received.append("\n".join(lines))  # type: ignore[attr-defined]
                    self.wfile.write(b"250 taken\r\n")
            elif text.upper().startswith("QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            elif text.upper() == "DATA":
                data = True
                self.wfile.write(b"354 go on\r\n")
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(alerts, "PAUSES_SECONDS", (0.0, 0.0))
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    server.received, server.failures = [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(
        "SUPPORT_PIPELINE_SLACK_WEBHOOK", f"http://127.0.0.1:{server.server_port}/services/secret"
    )
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def mailbox() -> Iterator[Any]:
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_webhook_gets_what_slack_reads(webhook: Any) -> None:
    assert send(AlertSettings(slack=Slack()), ALERT) == ["slack"]
    (message,) = webhook.received
    assert message["text"] == (
        "*acme: release 2026-09 failed*\nlora_adapter: &lt;bad&gt; &amp; worse\n<http://ui/runs/1|open in Dagster>"
    )
    assert message["blocks"][0]["text"]["type"] == "mrkdwn"


def test_a_busy_webhook_is_tried_again_and_its_address_stays_secret(webhook: Any) -> None:
    webhook.failures = 2
    assert send(AlertSettings(slack=Slack()), ALERT) == ["slack"]
    webhook.failures = 9
    with pytest.raises(AlertError, match="slack: the webhook answered 500") as raised:
        send(AlertSettings(slack=Slack()), ALERT)
    assert "secret" not in str(raised.value)


def test_a_mail_arrives_and_one_dead_channel_does_not_stop_the_other(webhook: Any, mailbox: Any) -> None:
    email = Email(
        host="127.0.0.1", port=mailbox.server_address[1], security="none", sender="a@b.co", to=("c@d.co",)
    )  # type: ignore[call-arg]
    webhook.failures = 9
    with pytest.raises(AlertError, match="slack"):
        send(AlertSettings(slack=Slack(), email=email), ALERT)
    (text,) = mailbox.received
    assert "Subject: acme: release 2026-09 failed" in text and "lora_adapter: <bad> & worse" in text


def test_a_mail_server_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "PAUSES_SECONDS", (0.0, 0.0))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        email = Email(
            host="127.0.0.1", port=taken.getsockname()[1], security="none", sender="a@b.co", to=("c@d.co",)
        )  # type: ignore[call-arg]
        with pytest.raises(AlertError, match="email"):
            send(AlertSettings(email=email), ALERT)


def test_only_what_is_wanted_is_sent(webhook: Any) -> None:
    assert send(AlertSettings(slack=Slack(), on=("late",)), ALERT) == []
    assert send(AlertSettings(), ALERT) == []
    assert not webhook.received


def test_settings_come_from_one_file_with_all_its_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUPPORT_PIPELINE_SLACK_WEBHOOK", raising=False)
    assert load_alert_settings(tmp_path) == AlertSettings()
    (tmp_path / "alerts.yaml").write_text(
        "on: [failure]\nslack: {}\nemail: {host: smtp, from: a@b.co, to: [c@d.co], user_env: SMTP_USER}\n"
    )
    found = load_alert_settings(tmp_path)
    assert found.on == ("failure",) and found.slack and found.email and found.email.sender == "a@b.co"
    (tmp_path / "alerts.yaml").write_text("on: [nothing]\nemail: {host: smtp, to: []}\n")
    with pytest.raises(ConfigError) as raised:
        load_alert_settings(tmp_path)
    assert len(raised.value.problems) == 3
    with pytest.raises(AlertError, match="SUPPORT_PIPELINE_SLACK_WEBHOOK is not set"):
        send(AlertSettings(slack=Slack()), ALERT)
