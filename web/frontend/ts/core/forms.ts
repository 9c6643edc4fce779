/** A form that was sent says so, and is not sent twice. */
function sent(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  if (event.defaultPrevented || form.dataset["download"] !== undefined) return;
  form.setAttribute("aria-busy", "true");
  event.submitter?.setAttribute("aria-busy", "true");
}

function ready(): void {
  for (const busy of document.querySelectorAll("form[aria-busy], .button[aria-busy]")) {
    busy.removeAttribute("aria-busy");
  }
}

/** `<form data-guard>`: leaving with unsaved changes asks first. */
function guard(form: HTMLFormElement): void {
  let changed = false;
  form.addEventListener("input", () => {
    changed = true;
  });
  form.addEventListener("submit", () => {
    changed = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}

export function start(): void {
  // On window: handlers of the page itself may have stopped the event by then.
  window.addEventListener("submit", sent);
  // A page that comes back from the browser's memory still wears its busy state.
  window.addEventListener("pageshow", ready);
  document.addEventListener("htmx:after:request", ready);
  document.querySelectorAll<HTMLFormElement>("form[data-guard]").forEach(guard);
}
