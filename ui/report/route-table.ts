/** The table of routes: sorted by any column, filtered by text, a row opened for what stands behind it. */

type Direction = 'ascending' | 'descending';

const OTHER: Readonly<Record<Direction, Direction>> = { ascending: 'descending', descending: 'ascending' };

const show = (elements: Iterable<HTMLElement>): void => {
  for (const element of elements) element.hidden = false;
};

/** What a body of the table, which is one route, is sorted by in a column. */
const sortValue = (body: HTMLTableSectionElement, column: number): string =>
  body.rows[0]?.cells[column]?.dataset.value ?? '';

const compareTexts = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Nothing goes last either way. */
const compare = (a: string, b: string, kind: string | undefined, direction: Direction): number => {
  if (a === '' || b === '') return Number(a === '') - Number(b === '');
  const order = kind === 'text' ? compareTexts(a, b) : Number(a) - Number(b);
  return direction === 'ascending' ? order : -order;
};

const sortBy = (table: HTMLTableElement, head: HTMLTableCellElement): void => {
  const kind = head.dataset.sort;
  const before = head.getAttribute('aria-sort') as Direction | null;
  // Of numbers, the greatest is what one looks for.
  const direction = before === null ? (kind === 'text' ? 'ascending' : 'descending') : OTHER[before];
  for (const other of table.tHead?.querySelectorAll('[aria-sort]') ?? []) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', direction);
  const column = head.cellIndex;
  const bodies = [...table.tBodies].sort((a, b) =>
    compare(sortValue(a, column), sortValue(b, column), kind, direction),
  );
  table.append(...bodies);
};

const startSorting = (table: HTMLTableElement): void => {
  for (const head of table.querySelectorAll<HTMLTableCellElement>('th[data-sort]')) {
    const button = head.querySelector<HTMLButtonElement>('button.sort');
    head.querySelector('.static')?.remove();
    if (button === null) continue;
    button.hidden = false;
    button.addEventListener('click', () => sortBy(table, head));
  }
};

const startFilter = (table: HTMLTableElement, input: HTMLInputElement, status: HTMLElement): void => {
  const all = table.tBodies.length;
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const body of table.tBodies) {
      const route = sortValue(body, 0).toLowerCase();
      body.hidden = !words.every((word) => route.includes(word));
      if (!body.hidden) shown += 1;
    }
    const routes = all === 1 ? 'route' : 'routes';
    status.textContent = shown === all ? `${all} ${routes}` : `${shown} of ${all} ${routes}`;
  });
};

const startExpanding = (table: HTMLTableElement): void => {
  for (const button of table.querySelectorAll<HTMLButtonElement>('button.expand')) {
    const more = document.getElementById(button.getAttribute('aria-controls') ?? '');
    const toggle = (): void => {
      const isOpen = more?.classList.toggle('is-open') ?? false;
      button.setAttribute('aria-expanded', String(isOpen));
    };
    button.addEventListener('click', toggle);
    // The whole row opens for the mouse, unless text of it is being selected.
    button.closest('tr')?.addEventListener('click', ({ target }) => {
      const isOwn = target instanceof Element && target.closest('button') !== null;
      if (!isOwn && getSelection()?.isCollapsed !== false) toggle();
    });
    button.hidden = false;
  }
};

/** Brings the table to life; without it, it stands open and worst first. */
export const startRouteTable = (): void => {
  const table = document.querySelector<HTMLTableElement>('#route-table');
  const input = document.querySelector<HTMLInputElement>('#filter');
  const status = document.querySelector<HTMLElement>('#filtered');
  if (table === null) return;
  startSorting(table);
  startExpanding(table);
  if (input !== null && status !== null) startFilter(table, input, status);
  show(document.querySelectorAll<HTMLElement>('.tools'));
};
