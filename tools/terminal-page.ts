/** Text with ANSI colours as a page that looks like a terminal, to be pictured. */

import { writeFile } from 'node:fs/promises';

/** The codes that `core/report/paint.ts` writes. */
const CLASSES: Readonly<Record<string, string>> = {
  '1': 'bold',
  '2': 'dim',
  '31': 'red',
  '32': 'green',
  '33': 'yellow',
  '36': 'cyan',
};

const STYLE = `
  :root { color-scheme: light dark; --ground: #ffffff; --text: #1f2328; --edge: #d0d7de; --dim: #656d76;
    --red: #cf222e; --green: #1a7f37; --yellow: #9a6700; --cyan: #0b6e8f; }
  @media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --edge: #30363d; --dim: #8b949e;
    --red: #ff7b72; --green: #56d364; --yellow: #e3b341; --cyan: #76e3ea; } }
  body { margin: 0; padding: 16px; background: transparent; }
  main { display: inline-block; border: 1px solid var(--edge); border-radius: 10px; background: var(--ground); overflow: hidden; }
  header { display: flex; gap: 7px; padding: 11px 14px; border-bottom: 1px solid var(--edge); }
  header i { width: 11px; height: 11px; border-radius: 50%; background: var(--edge); }
  pre { margin: 0; padding: 14px 18px 18px; color: var(--text); font: 13px/1.45 "DejaVu Sans Mono", ui-monospace, monospace; }
  .bold { font-weight: 700; } .dim { color: var(--dim); } .red { color: var(--red); } .green { color: var(--green); }
  .yellow { color: var(--yellow); } .cyan { color: var(--cyan); }`;

const escapeHtml = (text: string): string =>
  text.replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'));

const colored = (text: string): string =>
  text
    .split('\u001b[')
    .map((part, i) => {
      if (i === 0) return escapeHtml(part);
      const [, code = '', rest = ''] = /^(\d*)m([\s\S]*)$/.exec(part) ?? [];
      const name = CLASSES[code];
      return name === undefined ? escapeHtml(rest) : `<span class="${name}">${escapeHtml(rest)}</span>`;
    })
    .join('');

/** Writes the page to `path`. */
export const terminalPage = (path: string, text: string, columns: number): Promise<void> =>
  writeFile(
    path,
    `<!doctype html><meta charset="utf-8"><title>terminal</title><style>${STYLE} pre { width: ${columns}ch; }</style>
<main><header><i></i><i></i><i></i></header><pre>${colored(text)}</pre></main>`,
  );
