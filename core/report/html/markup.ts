/** HTML put together so that text of others can never become markup: what is not `Markup` is escaped. */

import { visibleText } from '../format.ts';

/** HTML that is safe as it stands. */
export interface Markup {
  readonly markup: string;
}

export type Part = Markup | string | number | readonly Part[];

export const EMPTY: Markup = { markup: '' };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for a page or for an attribute in quotes, without control characters, changes of direction and halves of characters. */
export const escapeText = (text: string): string =>
  visibleText(text)
    .toWellFormed()
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');

const toHtml = (part: Part): string => {
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(toHtml).join('');
};

/** The tag of HTML templates. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: texts.reduce((made, text, at) => made + toHtml(parts[at - 1] ?? '') + text),
});

/** Data for a script, as an element of a page. A `<` in it is escaped, so that nothing in it ends the element. */
export const dataElement = (id: string, data: unknown): Markup => ({
  markup: `<script type="application/json" id="${id}">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`,
});

/** Text of which nothing but a style or a script is made, as it was bundled. */
export const rawElement = (name: 'style' | 'script', text: string): Markup => ({
  markup: `<${name}>${text}</${name}>`,
});
