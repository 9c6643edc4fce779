/**
 * The card's editor. The server draws the card exactly, a moment later; what is only
 * a colour or a name is shown here at once, and so is a colour that cannot be read.
 */
import * as contrast from "./core/contrast";
import * as dialogs from "./core/dialogs";
import * as toasts from "./core/toasts";

const READABLE = 4.5;

function valueOf(form: HTMLFormElement, name: string): string {
  const field = form.elements.namedItem(name);
  return field instanceof HTMLInputElement ? field.value : "";
}

/** Puts the form's colours on the card, and says which of them cannot be read. */
function paint(form: HTMLFormElement): void {
  const card = form.querySelector("pass-card");
  for (const name of ["background", "foreground", "label"]) {
    const colour = valueOf(form, name);
    card?.setAttribute(name, colour);
    const said = form.querySelector<HTMLOutputElement>(`[data-colour-of="${name}"]`);
    if (said) said.value = colour;
  }
  form.querySelectorAll<HTMLElement>("[data-doubt]").forEach((doubt) => judge(form, doubt));
}

function judge(form: HTMLFormElement, doubt: HTMLElement): void {
  const ratio = contrast.ratio(valueOf(form, doubt.dataset["doubt"] ?? ""), valueOf(form, "background"));
  const said = doubt.querySelector("[data-ratio]");
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  // Rounded down: what fails must not look as if it passed.
  if (said) said.textContent = format.format(Math.floor(ratio * 10) / 10);
  doubt.hidden = ratio >= READABLE;
}

function rename(form: HTMLFormElement): void {
  const title = form.querySelector(".pass__logo-text");
  if (title) title.textContent = valueOf(form, "name");
  const sender = form.querySelector(".notice__title");
  if (sender) sender.textContent = valueOf(form, "organisation");
}

/** Takes the colour that the server found instead. */
function use(form: HTMLFormElement, button: HTMLButtonElement): void {
  const field = form.elements.namedItem(button.dataset["use"] ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  field.value = button.value;
  field.focus();
  changed(form);
}

function changed(form: HTMLFormElement): void {
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Sends a chosen picture at once, and puts the server's row in place of its own. */
async function upload(form: HTMLFormElement, input: HTMLInputElement): Promise<void> {
  const row = input.closest<HTMLElement>("[data-upload]");
  const file = input.files?.[0];
  if (!row || !file) return;
  if (file.size > Number(row.dataset["most"])) {
    input.value = "";
    toasts.show(row.dataset["heavy"] ?? "");
    return;
  }
  const busy = row.querySelector<HTMLElement>(".picture__busy");
  if (busy) busy.hidden = false;
  const body = new FormData();
  body.set(input.name, file);
  body.set(input.name.replace("_file", ""), valueOf(form, input.name.replace("_file", "")));
  try {
    await replace(form, row, body);
  } catch {
    input.value = "";
    if (busy) busy.hidden = true;
    toasts.show(row.dataset["failed"] ?? "");
  }
}

async function replace(form: HTMLFormElement, row: HTMLElement, body: FormData): Promise<void> {
  const answer = await fetch(row.dataset["upload"] ?? "", {
    method: "POST",
    body,
    headers: { "X-CSRFToken": valueOf(form, "csrf_token") },
  });
  if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
  const held = document.createElement("template");
  held.innerHTML = await answer.text();
  row.replaceWith(held.content);
  document.getElementById(row.id)?.querySelector<HTMLElement>("input[type=file]")?.focus();
  changed(form);
}

function start(form: HTMLFormElement): void {
  form.addEventListener("input", () => {
    paint(form);
    rename(form);
  });
  // A file is sent by itself; the preview must not carry it along.
  form.addEventListener(
    "input",
    (event) => {
      if (event.target instanceof HTMLInputElement && event.target.type === "file") event.stopPropagation();
    },
    { capture: true },
  );
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.type === "file") void upload(form, event.target);
  });
  form.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("button");
    if (button?.dataset["use"]) {
      event.preventDefault();
      use(form, button);
    }
    // Without this script the same buttons lead to a page that asks.
    if (button?.dataset["open"] && form.reportValidity()) {
      event.preventDefault();
      dialogs.show(button.dataset["open"]);
    }
  });
  paint(form);
}

const form = document.getElementById("design");
if (form instanceof HTMLFormElement) start(form);
