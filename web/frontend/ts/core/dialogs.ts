/** Opens `<dialog>`s: `data-open="id"` opens, `data-close` closes the one around it. */
export function start(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-open]");
    if (opener) show(opener.dataset["open"] ?? "");
    if (target.closest("[data-close]") || target instanceof HTMLDialogElement) {
      target.closest("dialog")?.close();
    }
  });
}

export function show(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}
