/** Small things about elements. */

/** The element of the page with that id; the page is ours, so it is there. */
export const byId = <T extends HTMLElement = HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element "${id}"`);
  return found as T;
};

/** Sets a text where it differs: what stands still is not read out, nor laid out, again. */
export const setText = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};

/** A new element. */
export const make = (
  name: string,
  className: string,
  ...content: readonly (string | Node)[]
): HTMLElement => {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.append(...content);
  return made;
};

/** Calls `draw` for a value that differs from the one before. */
export const whenChanged = <T>(draw: (value: T) => void): ((value: T) => void) => {
  let before: string | undefined;
  return (value) => {
    const text = JSON.stringify(value);
    if (text === before) return;
    before = text;
    draw(value);
  };
};
