// Keys press the buttons and links that name them (data-key); everything also works without this file.
// It runs before the page is there, so that no key is lost that somebody presses as soon as they see it.
"use strict";

const typing = (element) => element.matches("input, textarea, select, [contenteditable]");
const visible = (element) => element.getClientRects().length > 0;
const keyed = (key) =>
  [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key && visible(one));

function press(element) {
  const details = element.closest("details");
  if (element.matches("summary")) {
    details.open = true;
    document.getElementById(element.dataset.focus)?.focus();
  } else {
    element.click();
  }
}

function move(step) {
  const cards = [...document.querySelectorAll("a.card")];
  if (!cards.length) return false;
  const at = cards.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : cards.length - 1) : Math.min(Math.max(at + step, 0), cards.length - 1);
  cards[next].focus();
  cards[next].scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && target.dataset.submit) {
    event.preventDefault();
    document.getElementById(target.dataset.submit).requestSubmit();
    return;
  }
  if (event.key === "Escape" && target instanceof Element && typing(target)) {
    target.blur();
    return;
  }
  if (document.getElementById("keys").dataset.shortcuts !== "on" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.repeat || (target instanceof Element && typing(target)) || document.querySelector("dialog[open]")) return;
  if ((event.key === "j" || event.key === "k") && move(event.key === "j" ? 1 : -1)) {
    event.preventDefault();
    return;
  }
  const element = keyed(event.key);
  if (element) {
    event.preventDefault();
    press(element);
  }
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog).showModal();
});

// A decision shows the next draft: whoever reads by ear or keyboard is taken to it.
// (At the swap itself: a moment later they may be typing already.)
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.boosted) focusMain();
  expire();
});

function focusMain() {
  document.getElementById("main").focus({ preventScroll: true });
}

// A server that refuses says why on a page of its own; it is shown like any other.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && event.detail.xhr.responseText) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

function expire() {
  for (const form of document.querySelectorAll("[data-expires]:not([data-running])")) {
    form.dataset.running = "1";
    setTimeout(() => form.remove(), Number(form.dataset.expires) * 1000);
  }
}

// New drafts appear by themselves, unless somebody is choosing or typing.
async function refresh() {
  const list = document.querySelector("[data-refresh]");
  const busy = document.activeElement && document.activeElement !== document.body && document.activeElement.id !== "main";
  if (!list || document.hidden || busy) return;
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#main");
  const stale = document.querySelector("[data-refresh]");
  if (fresh && stale && fresh.innerHTML !== document.getElementById("main").innerHTML) {
    document.getElementById("main").replaceChildren(...fresh.childNodes);
    htmx.process(document.getElementById("main"));
    document.title = document.querySelector("h1").textContent + " · support_pipeline";
  }
}

document.addEventListener("DOMContentLoaded", () => {
  setInterval(refresh, 5000);
  expire();
  // A key that was quicker than htmx sent the form the plain way: the page that answers is taken to as well.
  if (new URLSearchParams(location.search).has("done")) focusMain();
});
