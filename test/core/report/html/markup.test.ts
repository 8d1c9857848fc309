import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataElement, escapeText, html } from '../../../../core/report/html/markup.ts';

describe('a template of HTML', () => {
  it.each([
    [
      'text',
      html`<p>${'a & b < c > d "e" \'f\''}</p>`,
      '<p>a &amp; b &lt; c &gt; d &quot;e&quot; &#39;f&#39;</p>',
    ],
    ['numbers', html`<p>${0} ${1.5}</p>`, '<p>0 1.5</p>'],
    ['what is markup already', html`<p>${html`<b>${'<'}</b>`}</p>`, '<p><b>&lt;</b></p>'],
    [
      'lists',
      html`<ul>${['<', '>'].map((text) => html`<li>${text}</li>`)}</ul>`,
      '<ul><li>&lt;</li><li>&gt;</li></ul>',
    ],
    ['control characters', html`<p>${'a\u0000b\nc\u202ed'}</p>`, '<p>a?b?c?d</p>'],
    ['halves of characters', html`<p>${'a\udc80b'}</p>`, '<p>a\ufffdb</p>'],
  ])('escapes what it should, and nothing else: %s', (_, { markup }, expected) => {
    expect(markup).toBe(expected);
  });

  it('lets no text out of where it stands, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeText(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});

describe('data in a page', () => {
  it('ends nowhere but at its end, and is what it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { markup } = dataElement('data', [value, '</script><!--<script>']);
        const text = markup.slice(markup.indexOf('>') + 1, -'</script>'.length);
        expect(text).not.toContain('<');
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify([value, '</script><!--<script>'])));
      }),
    );
  });
});
