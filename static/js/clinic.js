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

foldNavigation();
closeMenus();
focusErrors();
sendOnce();
echoDates();
showCurrentTab();
