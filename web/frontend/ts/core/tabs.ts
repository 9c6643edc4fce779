/** `<nav data-tabs>` of links to sections on the same page becomes tabs; without scripts they stay links. */
function panelOf(tab: HTMLAnchorElement): HTMLElement | null {
  return document.getElementById(tab.hash.slice(1));
}

function choose(tabs: HTMLAnchorElement[], chosen: HTMLAnchorElement): void {
  for (const tab of tabs) {
    const selected = tab === chosen;
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
    const panel = panelOf(tab);
    if (panel) panel.hidden = !selected;
  }
}

function neighbour(tabs: HTMLAnchorElement[], tab: HTMLAnchorElement, key: string): HTMLAnchorElement | undefined {
  const at = tabs.indexOf(tab);
  const steps: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 };
  const step = steps[key];
  return step === undefined ? undefined : tabs.at(step % tabs.length);
}

function enhance(list: HTMLElement): void {
  const tabs = [...list.querySelectorAll<HTMLAnchorElement>("a[href^='#']")];
  const first = tabs[0];
  if (!first) return;
  list.setAttribute("role", "tablist");
  for (const tab of tabs) {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", tab.hash.slice(1));
    const panel = panelOf(tab);
    panel?.setAttribute("role", "tabpanel");
    panel?.setAttribute("aria-label", tab.textContent.trim());
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(null, "", tab.hash);
      choose(tabs, tab);
    });
    tab.addEventListener("keydown", (event) => {
      const next = neighbour(tabs, tab, event.key);
      if (!next) return;
      event.preventDefault();
      choose(tabs, next);
      next.focus();
    });
  }
  choose(tabs, tabs.find((tab) => tab.hash === location.hash) ?? first);
}

export function start(): void {
  document.querySelectorAll<HTMLElement>("[data-tabs]").forEach(enhance);
}
