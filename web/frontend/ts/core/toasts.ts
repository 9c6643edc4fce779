/** Toasts that the server wrote leave by themselves; `show` writes one. */
const STAY = 10_000;

function leave(toast: HTMLElement): void {
  setTimeout(() => {
    // Whoever is about to press "undo" keeps it under the finger.
    if (toast.matches(":hover, :focus-within")) leave(toast);
    else toast.remove();
  }, STAY);
}

export function show(text: string): void {
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("p");
  words.className = "toast__text";
  words.textContent = text;
  toast.append(words);
  document.getElementById("toasts")?.append(toast);
  leave(toast);
}

export function start(): void {
  document.querySelectorAll<HTMLElement>("[data-timed]").forEach(leave);
}
