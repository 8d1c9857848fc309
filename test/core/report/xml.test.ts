import { describe, expect, it } from 'vitest';
import { xmlElement, xmlText } from '../../../core/report/xml.ts';

describe('an XML element', () => {
  it('without content is closed at once', () => {
    expect(xmlElement('a', { b: 1, c: undefined })).toEqual(['<a b="1"/>']);
  });

  it('holds text on its own line, and children on theirs', () => {
    expect(xmlElement('a', {}, xmlElement('b', {}, 'text'))).toEqual(['<a>', '  <b>text</b>', '</a>']);
  });

  it('escapes attributes, line breaks among them', () => {
    expect(xmlElement('a', { b: `<&>"'\n\t\r` })).toEqual([`<a b="&lt;&amp;&gt;&quot;'&#10;&#9;&#13;"/>`]);
  });
});

describe('XML text', () => {
  it('escapes what would be markup, ends of CDATA too', () => {
    expect(xmlText('a < b && c ]]>')).toBe('a &lt; b &amp;&amp; c ]]&gt;');
  });

  it('has U+FFFD in place of what XML cannot hold', () => {
    expect(xmlText('a\u0000b\u001bc\ud800d\ufffee')).toBe('a\ufffdb\ufffdc\ufffdd\ufffde');
  });

  it('keeps characters beyond 16 bits', () => {
    expect(xmlText('\u{1f600}')).toBe('\u{1f600}');
  });
});
