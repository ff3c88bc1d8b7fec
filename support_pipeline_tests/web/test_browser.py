"""The approval page in a real Chromium: by keyboard alone, without an accessibility violation, nothing injected."""

import contextlib
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from support_pipeline.serving.decisions import Database
from support_pipeline.serving.decisions.schema import DECISION, JOB
from support_pipeline.web.app import create_app
from support_pipeline.web.desk import WebSettings
from support_pipeline_tests.web.conftest import ADMIN, AGENT, PASSWORD, RIGHT, add_draft, prepare

AXE = (Path(__file__).parent / "axe-4.14.1.min.js").read_text(encoding="utf-8")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = os.environ.get("SUPPORT_PIPELINE_PICTURES")
"""A folder that takes pictures of the pages, for people to look at."""

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


class Desk:
    """A served desk, and a browser page on it."""

    def __init__(self, url: str, database: Database, page: Page) -> None:
        self.url, self.database, self.page = url, database, page
        self.complaints: list[str] = []
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self, email: str = AGENT) -> None:
        self.page.goto(f"{self.url}/login")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("wait")

    def violations(self) -> list[str]:
        """What axe finds; it is given to the page by the browser, past the page's own policy."""
        # In an isolated world, which the page's policy does not bind.
        session = self.page.context.new_cdp_session(self.page)
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
        session.send("Runtime.evaluate", {"expression": AXE, "contextId": world})
        asked = {
            "expression": "axe.run(document).then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | '))))",
            "contextId": world,
            "awaitPromise": True,
            "returnByValue": True,
        }
        answer = session.send("Runtime.evaluate", asked)
        import json

        return list(json.loads(answer["result"]["value"]))

    def picture(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)

    def decisions(self) -> list[dict[str, Any]]:
        with self.database.reading() as connection:
            return [
                dict(row)
                for row in connection.execute(DECISION.select().order_by(DECISION.c.made_at)).mappings()
            ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ]
    flags += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def desk(tmp_path: Path, browser: Browser) -> Iterator[Desk]:
    database, registry, _ = prepare(tmp_path)
    app = create_app(database, registry, WebSettings(hold_seconds=20.0))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    page = browser.new_page()
    page.set_default_timeout(8000)
    try:
        yield Desk(f"http://127.0.0.1:{port}", database, page)
    finally:
        with contextlib.suppress(Exception):
            page.close()
        server.should_exit = True
        thread.join()


def test_three_drafts_by_keyboard_alone(desk: Desk) -> None:
    for number in (1, 2, 3):
        add_draft(desk.database, number)
    desk.sign_in()
    page, keys = desk.page, desk.page.keyboard
    keys.press("j")
    keys.press("j")
    keys.press("k")
    expect(page.locator("a.card:focus .subject")).to_have_text("Boots 1")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boots 1")
    keys.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boots 2")
    expect(page.get_by_role("status")).to_contain_text("approved")
    expect(page.locator("#main")).to_be_focused()

    keys.press("e")
    expect(page.get_by_label("Answer to the customer")).to_be_focused()
    keys.press("Control+End")
    keys.type(" Print the label from your account page and drop the parcel at any shop.")
    expect(page.locator("#diff ins")).to_contain_text("label")
    expect(page.locator("#diff")).to_contain_text("missing step")
    keys.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boots 3")

    keys.press("r")
    keys.press("3")
    expect(page.get_by_role("heading", level=1)).to_have_text("0 drafts wait")
    keys.press("u")
    expect(page.get_by_role("status")).to_contain_text("taken back")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boots 3")
    assert [(row["action"], row["kind"]) for row in desk.decisions()] == [
        ("approved", ""),
        ("edited", "missing_step"),
    ]
    assert desk.complaints == []


def test_no_page_has_an_accessibility_violation(desk: Desk) -> None:
    page = desk.page
    page.goto(f"{desk.url}/login")
    assert desk.violations() == []
    desk.picture("login")
    first = add_draft(
        desk.database, 1, text="You can return them within 45 days. Order 5512-99 is refunded in 90 days."
    )
    second = add_draft(
        desk.database,
        2,
        text="Items can be returned within 90 days of delivery.",
        route="agent",
        confidence="low",
    )
    add_draft(
        desk.database, 3, text="", route="agent", confidence="low", reasons=["no draft: the engine is away"]
    )
    desk.sign_in(ADMIN)
    desk.picture("queue")
    for name, path in {
        "queue": "/ui/queue",
        "draft": f"/ui/drafts/{first}",
        "history": "/ui/history",
        "attention": "/ui/attention",
        "metrics": "/ui/metrics",
        "clients": "/ui/clients",
        "me": "/ui/me",
        "missing": "/ui/drafts/none",
    }.items():
        page.goto(desk.url + path)
        assert desk.violations() == [], name
        desk.picture(name)
    page.goto(f"{desk.url}/ui/drafts/{first}")
    page.keyboard.press("r")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boots 2")
    page.keyboard.press("e")
    page.keyboard.press("Control+a")
    page.keyboard.type("Items can be returned within 45 days of delivery.")
    expect(page.locator("#diff ins")).to_have_text("45")
    assert desk.violations() == [], "while editing"
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("edited and approved")
    with desk.database.writing() as connection:
        connection.execute(
            JOB.update()
            .where(JOB.c.ref == second, JOB.c.kind == "reply")
            .values(state="failed", result="no answer came")
        )
    for name, path in {
        "history-full": "/ui/history",
        "attention-full": "/ui/attention",
        "decided": f"/ui/drafts/{second}",
    }.items():
        page.goto(desk.url + path)
        assert desk.violations() == [], name
        desk.picture(name)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert desk.violations() == [], "help"
    desk.picture("help")
    page.keyboard.press("Escape")
    page.goto(f"{desk.url}/ui/clients")
    page.get_by_label("Why").first.fill("wrong prices")
    page.get_by_role("button", name="Stop automatic sending").first.click()
    expect(page.get_by_text("was stopped by")).to_be_visible()
    assert desk.violations() == [], "stopped"
    desk.picture("stopped")
    page.goto(f"{desk.url}/ui/metrics")
    desk.picture("metrics-full")


def test_what_customers_write_runs_nowhere(desk: Desk) -> None:
    draft = add_draft(desk.database, 1, text=HOSTILE, asked=HOSTILE, reasons=[HOSTILE])
    desk.sign_in()
    for path in ("/ui/queue", f"/ui/drafts/{draft}"):
        desk.page.goto(desk.url + path)
        expect(desk.page.locator("body")).to_contain_text("<script>")
        assert "owned" not in desk.page.title()
    desk.page.keyboard.press("e")
    desk.page.keyboard.type(HOSTILE)
    expect(desk.page.locator("#diff .diff")).to_contain_text("onerror")
    assert "owned" not in desk.page.title()
    assert desk.complaints == []


def test_new_drafts_appear_and_switched_off_keys_do_nothing(desk: Desk) -> None:
    desk.sign_in()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("0 drafts wait")
    add_draft(desk.database, 1, text=RIGHT)
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("1 draft waits", timeout=9000)
    desk.page.goto(f"{desk.url}/ui/me")
    desk.page.get_by_label("Single keys are shortcuts").uncheck()
    desk.page.get_by_role("button", name="Save").click()
    expect(desk.page.locator("#keys")).to_have_attribute("data-shortcuts", "off")
    desk.page.goto(f"{desk.url}/ui/queue")
    desk.page.locator("a.card").click()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Boots 1")
    desk.page.keyboard.press("a")
    desk.page.wait_for_timeout(300)
    assert desk.decisions() == []
