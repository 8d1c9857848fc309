import { describe, expect, it } from 'vitest';
import { markdownCode, markdownWords } from '../../../core/report/markdown-text.ts';

describe('markdownWords', () => {
  it.each([
    [
      'GET shop.example.com/cart/{id} 2.10x (1.80x–2.40x; 3 of 4)',
      'GET shop.example.com/cart/\\{id\\} 2.10x (1.80x–2.40x; 3 of 4)',
    ],
    ['the rules differ: a before', 'the rules differ: a before'],
    ['[a](https://evil.example/x)', '\\[a\\](https\\://evil.example/x)'],
    ['GET www.shop.example/ and WWW.x.y', 'GET www&#46;shop.example/ and WWW&#46;x.y'],
    ['/a/:boom:/b', '/a/\\:boom:/b'],
    ['<b>@team #12 & `x` | y', '&lt;b&gt;&#64;team \\#12 &amp; \\`x\\` \\| y'],
    ['a\n# b\u202e\ud800', 'a?\\# b??'],
  ])('lets nothing of %j be more than words', (text, words) => {
    expect(markdownWords(text)).toBe(words);
  });

  it('cuts what is too long before it is escaped, so that no escape is cut', () => {
    expect(markdownWords('@'.repeat(500))).toBe(`${'&#64;'.repeat(399)}…`);
  });
});

describe('markdownCode', () => {
  it('has neither a pipe nor a backtick that would end it', () => {
    expect(markdownCode('GET /a|`b`\u0007')).toBe("`GET /a\\|'b'?`");
  });
});
