/** Buttons that copy the code beside them. */

const SHOWN_MS = 1600;

/** Where the clipboard is not to be had, the old way, by a selection. */
const copyBySelection = (text: string): boolean => {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  return isDone;
};

const copy = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
};

/** Copies the text of the code in `button`'s parent, and says so on the button. */
const copyBeside = async (button: HTMLButtonElement): Promise<void> => {
  const code = button.parentElement?.querySelector('code')?.textContent ?? '';
  const isDone = await copy(code);
  const label = button.firstChild;
  if (label === null) return;
  const before = button.dataset.label ?? label.textContent ?? '';
  button.dataset.label = before;
  label.textContent = isDone ? 'Copied' : 'Select and copy';
  button.focus();
  setTimeout(() => {
    label.textContent = before;
  }, SHOWN_MS);
};

/** Shows the buttons of class `copy` in `root` and lets them work. */
export const startCopying = (root: ParentNode): void => {
  for (const button of root.querySelectorAll<HTMLButtonElement>('button.copy')) {
    button.hidden = false;
    button.addEventListener('click', () => void copyBeside(button));
  }
};
