/** Light or dark: as the system has it, until the reader asks for the other. Nothing is stored. */

type Theme = 'light' | 'dark';

const redraws = new Set<() => void>();
const known = new Map<string, string>();

const notify = (): void => {
  known.clear();
  for (const redraw of redraws) redraw();
};

const darkSystem = matchMedia('(prefers-color-scheme: dark)');
const printed = matchMedia('print');
for (const query of [darkSystem, printed]) query.addEventListener('change', notify);

/** Paper is light: charts are drawn for it before it is printed, since what is on a canvas is no matter of style sheets. */
const followPrinting = (): void => {
  const { dataset } = document.documentElement;
  let before: string | undefined;
  addEventListener('beforeprint', () => {
    before = dataset.theme;
    dataset.theme = 'light';
    notify();
  });
  addEventListener('afterprint', () => {
    if (before === undefined) delete dataset.theme;
    else dataset.theme = before;
    notify();
  });
};
followPrinting();

/** Calls `redraw` whenever colours have changed: by the toggle, by the system, for printing. */
export const onThemeChange = (redraw: () => void): void => {
  redraws.add(redraw);
};

/** What a colour variable of the style sheet is right now, as `rgb(…)`: a canvas knows no variables. */
export const colorOf = (variable: string): string => {
  const found = known.get(variable);
  if (found !== undefined) return found;
  const probe = document.createElement('span');
  probe.style.color = `var(--${variable})`;
  // Where the system forces its colours on a page, lines would all have the one of text.
  probe.style.setProperty('forced-color-adjust', 'none');
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  known.set(variable, color);
  return color;
};

const shownTheme = (): Theme => {
  const { theme } = document.documentElement.dataset;
  if (theme === 'light' || theme === 'dark') return theme;
  return darkSystem.matches ? 'dark' : 'light';
};

/** Makes a hidden button the toggle of the theme, and shows it. */
export const startThemeToggle = (button: HTMLButtonElement): void => {
  const label = (): void => {
    const other = shownTheme() === 'dark' ? 'light' : 'dark';
    button.textContent = other === 'dark' ? 'Dark' : 'Light';
    button.setAttribute('aria-label', `${button.textContent} theme`);
  };
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = shownTheme() === 'dark' ? 'light' : 'dark';
    notify();
  });
  onThemeChange(label);
  label();
  button.hidden = false;
};
