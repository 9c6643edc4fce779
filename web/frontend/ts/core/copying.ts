/** `<button data-copy="text" data-copied="Copied">`: puts the text on the clipboard. */
async function copy(button: HTMLElement): Promise<void> {
  const label = button.querySelector("[data-label]") ?? button;
  const before = label.textContent;
  await navigator.clipboard.writeText(button.dataset["copy"] ?? "");
  label.textContent = button.dataset["copied"] ?? before;
  setTimeout(() => {
    label.textContent = before;
  }, 2000);
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    if (button) void copy(button);
  });
}
