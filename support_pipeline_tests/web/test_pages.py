"""The approval page over plain HTTP: who may see and change what, and that it works without scripts."""

import re

import pytest
import sqlalchemy as sa

from support_pipeline.serving.decisions import audit
from support_pipeline.serving.decisions.schema import DECISION, JOB, SWITCH
from support_pipeline_tests.web.conftest import ADMIN, AGENT, PASSWORD, RIGHT, Site

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"


def decision(site: Site) -> dict[str, object]:
    with site.database.reading() as connection:
        return dict(connection.execute(DECISION.select()).mappings().one())


def test_nobody_sees_anything_without_signing_in(site: Site) -> None:
    draft = site.draft()
    for path in (
        "/ui/queue",
        f"/ui/drafts/{draft}",
        "/ui/history",
        "/ui/attention",
        "/ui/metrics",
        "/ui/clients",
        "/ui/me",
    ):
        done = site.http.get(path, follow_redirects=False)
        assert (done.status_code, done.headers["location"]) == (303, f"/login?next={path}")
    assert site.http.post(f"/ui/drafts/{draft}/decision", follow_redirects=False).status_code == 303
    assert site.http.get("/docs").status_code == 404


def test_a_wrong_password_is_refused_and_then_the_next_ones_unread(site: Site) -> None:
    for email in (ADMIN, "nobody@acme.example"):
        done = site.http.post("/login", data={"email": email, "password": "wrong"})
        assert done.status_code == 401 and "e-mail address or the password is wrong" in done.text
    for _ in range(4):
        site.http.post("/login", data={"email": ADMIN, "password": "wrong"})
    done = site.http.post("/login", data={"email": ADMIN, "password": PASSWORD})
    assert done.status_code == 429 and "Try again in five minutes" in done.text


def test_after_signing_in_one_is_where_one_wanted_to_be_and_nowhere_else(site: Site) -> None:
    for wanted, place in {
        "/ui/history": "/ui/history",
        "https://evil.example/ui/": "/ui/queue",
        "//evil": "/ui/queue",
    }.items():
        form = {"email": ADMIN, "password": PASSWORD, "next": wanted}
        done = site.http.post("/login", data=form, follow_redirects=False)
        assert done.headers["location"] == place
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie


def test_signing_out_ends_the_session_itself(site: Site) -> None:
    csrf = site.sign_in()
    token = site.http.cookies["session"]
    site.http.post("/logout", data={"csrf": csrf})
    site.http.cookies.set("session", token)
    assert site.http.get("/ui/queue", follow_redirects=False).status_code == 303


def test_a_change_needs_the_sessions_token_and_this_site(site: Site) -> None:
    draft, csrf = site.draft(), site.sign_in()
    form = {"action": "approved", "version": "1", "csrf": csrf}
    path = f"/ui/drafts/{draft}/decision"
    assert site.http.post(path, data=form | {"csrf": ""}).status_code == 403
    assert site.http.post(path, data=form | {"csrf": "x" * 43}).status_code == 403
    assert site.http.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert site.http.post(path, data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert site.http.post("/login", data={}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert site.http.post(path, data=form, follow_redirects=False).status_code == 303


def test_approving_shows_the_next_draft_and_can_be_undone(site: Site) -> None:
    first, second = site.draft(1), site.draft(2)
    csrf = site.sign_in(AGENT)
    form = {"action": "approved", "version": "1", "csrf": csrf, "after": second}
    page = site.http.post(f"/ui/drafts/{first}/decision", data=form)
    assert page.url.path == f"/ui/drafts/{second}" and "approved" in page.text and "Undo" in page.text
    assert decision(site) | {"agent": AGENT, "action": "approved", "final_text": RIGHT} == decision(site)
    back = site.http.post(f"/ui/drafts/{first}/undo", data={"csrf": csrf})
    assert back.url.path == f"/ui/drafts/{first}" and "Approve <kbd>a</kbd>" in back.text
    with site.database.reading() as connection:
        assert connection.execute(sa.select(JOB.c.state).where(JOB.c.kind == "reply")).scalars().all() == [
            "cancelled"
        ]
        assert audit.first_broken(connection) is None


def test_an_edit_is_classified_and_a_rejection_has_a_reason(site: Site) -> None:
    draft, csrf = site.draft(), site.sign_in(AGENT)
    shown = site.http.post(
        f"/ui/drafts/{draft}/diff", data={"csrf": csrf, "final_text": RIGHT.replace("45", "60")}
    )
    assert "<del>45</del><ins>60</ins>" in shown.text and "<strong>policy</strong>" in shown.text
    form = {
        "action": "edited",
        "version": "1",
        "csrf": csrf,
        "final_text": RIGHT.replace("45", "60") + "\r\n\r\nBye",
    }
    site.http.post(f"/ui/drafts/{draft}/decision", data=form)
    found = decision(site)
    assert (found["kind"], found["final_text"]) == ("policy", RIGHT.replace("45", "60") + "\n\nBye")
    other = site.draft(2)
    page = site.http.post(
        f"/ui/drafts/{other}/decision", data={"action": "rejected", "version": "1", "csrf": csrf}
    )
    assert "Choose a reason" in page.text
    site.http.post(
        f"/ui/drafts/{other}/decision",
        data={"action": "rejected", "version": "1", "csrf": csrf, "reason": "3"},
    )
    history = site.http.get("/ui/history").text
    assert "rejected: tone" in history and "edited: policy" in history and "<ins>" in history


def test_an_edit_that_changes_nothing_is_an_approval(site: Site) -> None:
    draft, csrf = site.draft(), site.sign_in(AGENT)
    form = {"action": "edited", "version": "1", "csrf": csrf, "final_text": RIGHT + "\n"}
    site.http.post(f"/ui/drafts/{draft}/decision", data=form)
    assert decision(site)["action"] == "approved"


def test_somebody_elses_decision_is_told_and_kept(site: Site) -> None:
    draft, csrf = site.draft(), site.sign_in(AGENT)
    form = {"action": "approved", "version": "1", "csrf": csrf}
    site.http.post(f"/ui/drafts/{draft}/decision", data=form)
    page = site.http.post(f"/ui/drafts/{draft}/decision", data=form | {"action": "rejected", "reason": "1"})
    assert "is approved" in page.text and decision(site)["action"] == "approved"


def test_an_agent_sees_only_their_clients(site: Site) -> None:
    mine, theirs = site.draft(1, "acme"), site.draft(2, "other", RIGHT + " Secret")
    csrf = site.sign_in(AGENT)
    for path in ("/ui/queue", "/ui/history", "/ui/metrics", "/ui/clients"):
        page = site.http.get(path).text
        assert theirs not in page and ">other" not in page, path
    assert mine in site.http.get("/ui/queue").text
    assert site.http.get(f"/ui/drafts/{theirs}").status_code == 404
    form = {"action": "approved", "version": "1", "csrf": csrf}
    assert site.http.post(f"/ui/drafts/{theirs}/decision", data=form).status_code == 404
    assert site.http.post(f"/ui/drafts/{theirs}/undo", data=form).status_code == 404
    assert site.http.post(f"/ui/drafts/{theirs}/diff", data=form).status_code == 404
    stop = {"csrf": csrf, "stop": "yes"}
    assert site.http.post("/ui/clients/other/switch", data=stop).status_code == 404


def test_the_kill_switch_calls_back_what_waits(site: Site) -> None:
    draft = site.draft(1, route="auto")
    csrf = site.sign_in(AGENT)
    page = site.http.post(
        "/ui/clients/acme/switch", data={"csrf": csrf, "stop": "yes", "reason": "wrong prices"}
    )
    assert "stopped by ada@acme.example" in page.text and "wrong prices" in page.text
    with site.database.reading() as connection:
        assert connection.execute(sa.select(SWITCH.c.stopped)).scalar() is True
    assert "Approve <kbd>a</kbd>" in site.http.get(f"/ui/drafts/{draft}").text
    allow = {"csrf": csrf, "stop": "no"}
    assert site.http.post("/ui/clients/acme/switch", data=allow).status_code == 403, (
        "an agent may only stop it"
    )


def test_what_could_not_be_sent_waits_for_somebody_to_look(site: Site) -> None:
    draft, csrf = site.draft(), site.sign_in(AGENT)
    site.http.post(f"/ui/drafts/{draft}/decision", data={"action": "approved", "version": "1", "csrf": csrf})
    with site.database.writing() as connection:
        connection.execute(
            JOB.update().where(JOB.c.kind == "reply").values(state="failed", result="no answer")
        )
    assert "1 could not be sent" in site.http.get("/ui/queue").text
    assert "no answer" in site.http.get("/ui/attention").text
    site.http.post(f"/ui/attention/reply:{draft}", data={"csrf": csrf, "what": "again"})
    with site.database.reading() as connection:
        assert connection.execute(sa.select(JOB.c.state).where(JOB.c.kind == "reply")).scalar() == "waiting"


def test_facts_are_marked_against_the_policy(site: Site) -> None:
    site.sign_in(AGENT)
    page = site.http.get(
        f"/ui/drafts/{site.draft(1, text='You can return it within 90 days. Order 5512-99 ships free.')}"
    ).text
    assert (
        re.search(r'<mark class="wrong">90 days', page)
        and "against the policy: Items can be returned within 45 days" in page
    )
    assert '<mark class="unknown">' in page
    page = site.http.get(f"/ui/drafts/{site.draft(2)}").text
    assert re.search(r'<mark class="right">[^<]*45 days', page)


def test_what_customers_write_is_shown_as_text(site: Site) -> None:
    site.sign_in(AGENT)
    draft = site.draft(1, text=HOSTILE, asked=HOSTILE, reasons=[HOSTILE])
    for path in ("/ui/queue", f"/ui/drafts/{draft}"):
        page = site.http.get(path)
        assert "<script>alert" not in page.text and "<img src=x" not in page.text
        assert "&lt;script&gt;" in page.text and "{{ 7*7 }}" in page.text


@pytest.mark.parametrize("path", ["/login", "/v1/drafts", "/static/keys.js", "/hooks/a/b", "/nowhere"])
def test_every_answer_carries_the_headers(site: Site, path: str) -> None:
    headers = site.http.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_another_host_name_is_refused(site: Site) -> None:
    assert site.http.get("/login", headers={"Host": "evil.example"}).status_code == 400


def test_shortcuts_can_be_switched_off(site: Site) -> None:
    csrf = site.sign_in(AGENT)
    assert 'data-shortcuts="on"' in site.http.get("/ui/queue").text
    site.http.post("/ui/me", data={"csrf": csrf})
    assert 'data-shortcuts="off"' in site.http.get("/ui/queue").text


def test_metrics_count_what_was_decided(site: Site) -> None:
    draft, csrf = site.draft(), site.sign_in(ADMIN)
    with site.database.writing() as connection:
        from support_pipeline.serving.decisions.drafts import Choice, decide

        decide(connection, Choice(draft, "acme", "approved", RIGHT, "", "a", "", 1), hold_seconds=0)
    page = site.http.get("/ui/metrics").text
    assert "<td>100%</td>" in page
    assert csrf
