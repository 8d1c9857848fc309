/** XML as text: elements, attributes and their escapes (https://www.w3.org/TR/xml/). */

/** What XML 1.0 has no way to write: most control characters, lone surrogates, two non-characters (section 2.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Text as an attribute may hold it; what XML cannot hold becomes U+FFFD. */
const attribute = (text: string): string =>
  text.replace(NOT_XML, '\ufffd').replace(/[&<>"\t\n\r]/g, (char) => ESCAPES[char] ?? char);

/** Text as an element may hold it. */
export const xmlText = (text: string): string =>
  text.replace(NOT_XML, '\ufffd').replace(/[&<>\r]/g, (char) => ESCAPES[char] ?? char);

/**
 * An element over several lines, indented by its parents.
 *
 * @param attributes - those that are undefined are left out
 * @param content - lines of child elements, or text that is escaped already
 */
export const xmlElement = (
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content: readonly string[] | string = [],
): readonly string[] => {
  const words = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${attribute(String(value))}"`],
  );
  const open = `<${name}${words.join('')}`;
  if (typeof content === 'string') return [`${open}>${content}</${name}>`];
  if (content.length === 0) return [`${open}/>`];
  return [`${open}>`, ...content.map((line) => `  ${line}`), `</${name}>`];
};
