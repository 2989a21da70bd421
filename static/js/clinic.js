/* What makes pages nicer where scripts run. Nothing here is needed: every page works without it. */
"use strict";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/* The navigation folds away on a phone. */
function foldNavigation() {
  const button = document.querySelector(".menu-button");
  if (!button) return;
  button.addEventListener("click", () => {
    const open = button.closest(".site-bar").classList.toggle("menu-open");
    button.setAttribute("aria-expanded", String(open));
  });
}

/* An open menu closes with Escape, or when the reader turns elsewhere. */
function closeMenus() {
  const menu = document.querySelector("details.account");
  if (!menu) return;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

/* The reader lands on what is wrong, where each line leads to its field, or on what a change would do. */
function focusErrors() {
  (document.querySelector(".error-summary") ?? document.querySelector("form .preview"))?.focus();
}

/* A form is sent once, however often its button is pressed; coming back with the Back button frees it again. */
function sendOnce() {
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
}

/* 04/07 is April to one reader and July to another, so a chosen date is said again in words. */
function echoDates() {
  for (const input of document.querySelectorAll("input[type=date]")) {
    const words = document.createElement("output");
    words.className = "date-words";
    words.htmlFor = input.id;
    const echo = () => {
      const [year, month, day] = input.value.split("-").map(Number);
      const weekday = WEEKDAYS[new Date(year, month - 1, day).getDay()];
      words.textContent = input.value ? `${weekday} ${day} ${MONTHS[month - 1]} ${year}` : "";
    };
    input.addEventListener("input", echo);
    input.after(words);
    echo();
  }
}

/* On a phone the tabs scroll sideways; the one that is open is brought into sight. */
function showCurrentTab() {
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

/* A form that may be kept is kept a moment after each change, and when the reader turns away from it. */
function keepDrafts() {
  for (const slip of document.querySelectorAll("form[data-once] input[name=draft]")) keepDraft(slip.form);
}

function keepDraft(form) {
  const say = stateOf(form);
  let timer, changed = false, kept = "";
  const keep = async () => {
    clearTimeout(timer);
    if (!changed || form.dataset.sent) return;
    changed = false;
    const answer = await sendDraft(form);
    if (form.dataset.sent) return;
    changed ||= answer !== "kept";
    if (answer === "kept") kept = new Date().toTimeString().slice(0, 5);
    say(answer, kept);
  };
  form.addEventListener("input", () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(keep, 2000);
  });
  document.addEventListener("visibilitychange", keep);
  window.addEventListener("pagehide", keep);
}

/* How a form says whether it is kept. The same words are not said twice, because a screen reader would repeat them. */
function stateOf(form) {
  const state = form.querySelector(".draft-state"), [words, signIn] = state.children;
  return (answer, kept) => {
    const until = kept ? ` What you typed until ${kept} is kept.` : "";
    const sentence = {
      kept: `Kept ${kept}`,
      "signed out": `You were signed out.${until} Sign in again in another tab, then go on here.`,
      "too large": `This is more than can be kept for later.${until}`,
      failed: `It could not be kept just now.${until}`,
    }[answer];
    if (words.textContent !== sentence) words.textContent = sentence;
    for (const name of ["notice", "tone-attention"]) state.classList.toggle(name, answer !== "kept");
    signIn.hidden = answer !== "signed out";
  };
}

/* Keep a form, with a fresh token where the reader signed in again since: that of their own page, if it is theirs. */
async function sendDraft(form) {
  const data = new FormData(form);
  try {
    let answer = await postDraft(form, data);
    if (answer.status === 403) {
      data.set("csrfmiddlewaretoken", await freshToken());
      answer = await postDraft(form, data);
      if (answer.status === 204) form.elements.csrfmiddlewaretoken.value = data.get("csrfmiddlewaretoken");
    }
    return { 204: "kept", 413: "too large", 401: "signed out", 403: "signed out" }[answer.status] ?? "failed";
  } catch {
    return "failed";
  }
}

function postDraft(form, body) {
  const headers = { "X-Requested-With": "fetch" };
  const url = form.querySelector("button[formaction]").formAction;
  return fetch(url, { method: "POST", body, headers, keepalive: true });
}

async function freshToken() {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  return page.querySelector("input[name=csrfmiddlewaretoken]").value;
}

foldNavigation();
closeMenus();
focusErrors();
sendOnce();
keepDrafts();
echoDates();
showCurrentTab();
