/**
 * `<pass-card background="#…" foreground="#…" label="#…">` colours the card inside
 * it: our Content-Security-Policy refuses style attributes, not properties that a
 * script sets. Without scripts the card wears the colours of the page's stylesheet.
 */
class PassCard extends HTMLElement {
  static readonly observedAttributes = ["background", "foreground", "label"];

  attributeChangedCallback(name: string, _before: string | null, colour: string | null): void {
    if (colour && CSS.supports("color", colour)) this.style.setProperty(`--pass-${name}`, colour);
  }
}

export function start(): void {
  customElements.define("pass-card", PassCard);
}
