/** A form out of the browser's memory is somebody else's joining: its key was used. */
function forget(event: PageTransitionEvent): void {
  if (!event.persisted) return;
  for (const key of document.querySelectorAll<HTMLInputElement>("input[name=key]")) {
    key.value = "";
  }
}

export function start(): void {
  window.addEventListener("pageshow", forget);
}
