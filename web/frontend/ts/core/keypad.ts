/**
 * `<div data-keypad="field id" data-decimals="2">`: keys fill an amount from the
 * right, as payment terminals do: 1, 2, 5, 0 is 12.50. The field stays a field,
 * so a keyboard or no script at all does as well.
 */
const LONGEST = 9;

function separator(): string {
  const parts = new Intl.NumberFormat(document.documentElement.lang).formatToParts(1.5);
  return parts.find((part) => part.type === "decimal")?.value ?? ".";
}

/** The digits that the keypad would have taken to write *text*. */
export function digits(text: string, decimals: number): string {
  const [whole = "", fraction = ""] = text.trim().split(/[.,](?=\d*$)/);
  const kept = whole.replace(/\D/g, "") + fraction.replace(/\D/g, "").padEnd(decimals, "0").slice(0, decimals);
  return kept.replace(/^0+/, "");
}

/** *typed* as an amount: `written("1250", 2, ",")` is `"12,50"`; nothing typed is nothing. */
export function written(typed: string, decimals: number, point: string): string {
  if (!typed || decimals === 0) return typed;
  const padded = typed.padStart(decimals + 1, "0");
  return `${padded.slice(0, -decimals)}${point}${padded.slice(-decimals)}`;
}

function pressed(typed: string, key: string): string {
  if (key === "back") return typed.slice(0, -1);
  if (key === "clear") return "";
  return (typed + key).replace(/^0+/, "").slice(0, LONGEST);
}

function press(pad: HTMLElement, key: string): void {
  const field = document.getElementById(pad.dataset["keypad"] ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const decimals = Number(pad.dataset["decimals"] ?? 2);
  field.value = written(pressed(digits(field.value, decimals), key), decimals, separator());
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const key = (event.target as Element).closest<HTMLElement>("[data-key]");
    const pad = key?.closest<HTMLElement>("[data-keypad]");
    if (key && pad) press(pad, key.dataset["key"] ?? "");
  });
}
