/** Tables and what stands in them. */

import { EMPTY, html, type Markup, type Part } from './markup.ts';

/** A table behind a chart: closed until it is asked for, and there without a script. */
export const behindChart = (title: string, table: Markup): Markup =>
  html`<details class="behind"><summary>Table<span class="visually-hidden">: ${title}</span></summary>${scroll(title, table)}</details>`;

/** A table that may be wider than the page; to be scrolled by keyboard it can be focused. */
export const scroll = (title: string, table: Markup): Markup =>
  html`<section class="scroll" tabindex="0" aria-label="Table: ${title}">${table}</section>`;

/** A table with a heading for each column, the first of each row being its heading. */
export const plainTable = (
  head: readonly string[],
  rows: readonly (readonly Part[])[],
  caption: Markup = EMPTY,
): Markup =>
  html`<table>${caption === EMPTY ? EMPTY : html`<caption>${caption}</caption>`}<thead><tr>${head.map(
    (label) => html`<th scope="col">${label}</th>`,
  )}</tr></thead><tbody>${rows.map(
    ([first = '', ...rest]) =>
      html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table>`;

export interface SectionOptions {
  readonly id: string;
  readonly title: string;
  readonly lead?: Part;
}

/** A part of the page with its heading. */
export const section = ({ id, title, lead }: SectionOptions, ...content: readonly Part[]): Markup =>
  html`<section class="card" id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${lead === undefined ? EMPTY : html`<p class="lead">${lead}</p>`}${content}
</section>
`;
