/** Pause, stop and the slider: what is asked for goes to the server, and what is shown is what the server says holds. */

import type { LiveCommand, LiveControl } from '../../core/pages/live-state.ts';
import { formatLevel } from '../../core/report/format.ts';
import { byId, setText } from './dom.ts';

/** The server answers at once, but for one that has to ask another. */
const TIMEOUT_MS = 15_000;

const reasonOf = async (answer: Response): Promise<string> => {
  const { message } = (await answer.json().catch(() => ({}))) as { message?: string };
  return message ?? `the server answered ${answer.status}`;
};

const send = async (command: LiveCommand): Promise<string> => {
  try {
    const answer = await fetch('control', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(command),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return answer.ok ? '' : await reasonOf(answer);
  } catch {
    return 'the server did not answer';
  }
};

/** One after the other; of those that wait the last alone counts. */
const createSending = (onEnd: (reason: string) => void) => {
  let isSending = false;
  let next: LiveCommand | undefined;
  const run = async (): Promise<void> => {
    isSending = true;
    let reason = '';
    for (let command = next; command !== undefined; command = next) {
      next = undefined;
      reason = await send(command);
    }
    isSending = false;
    onEnd(reason);
  };
  return {
    isSending: () => isSending,
    ask: (command: LiveCommand): void => {
      next = command;
      if (!isSending) void run();
    },
  };
};

const inForceText = ({ share, inForce, isPaused, note }: LiveControl): string => {
  const state = isPaused
    ? 'paused: nothing is sent'
    : `in force: ${formatLevel(inForce)} of what the rules ask for`;
  const asked = !isPaused && share !== inForce && note === '' ? `, asked for ${formatLevel(share)}` : '';
  return note === '' ? `${state}${asked}` : `${state}; ${note}`;
};

const elements = () => ({
  slider: byId<HTMLInputElement>('share'),
  pause: byId<HTMLButtonElement>('pause'),
  stop: byId<HTMLButtonElement>('stop'),
  confirm: byId('confirm'),
});

const showShare = (share: number): void => {
  setText(byId('share-text'), formatLevel(share));
  byId('share').setAttribute('aria-valuetext', formatLevel(share));
};

/** The question before a stop: shown by its button, answered with yes, no or Escape. */
const createQuestion = (onYes: () => void) => {
  const { stop, confirm } = elements();
  const ask = (isAsking: boolean): void => {
    const hadFocus = confirm.contains(document.activeElement) || document.activeElement === stop;
    confirm.hidden = !isAsking;
    stop.disabled = isAsking;
    if (hadFocus) (isAsking ? byId('confirm-no') : stop).focus();
  };
  stop.addEventListener('click', () => ask(true));
  byId('confirm-no').addEventListener('click', () => ask(false));
  byId('confirm-yes').addEventListener('click', () => {
    ask(false);
    onYes();
  });
  confirm.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') ask(false);
  });
  return {
    isAsking: () => !confirm.hidden,
    withdraw: () => ask(false),
  };
};

/** The switch of a stack can be turned on again: what is asked is not whether to stop for good. */
const nameForStack = (): void => {
  setText(byId('stop'), 'Turn off');
  setText(byId('confirm-text'), 'Turn the switch off?');
  setText(byId('confirm-yes'), 'Yes, turn it off');
  setText(byId('confirm-no'), 'No');
};

/** Makes the controls work. What is returned shows what holds; `null` takes them away. */
export const startControls = (kind: 'run' | 'stack'): ((control: LiveControl | null) => void) => {
  const { slider, pause, stop } = elements();
  let latest: LiveControl | null = null;
  let isHeld = false;

  const show = (): void => {
    byId('controls').hidden = latest === null;
    if (latest === null) return;
    const { share, isPaused, isStopping } = latest;
    setText(pause, isPaused ? 'Resume' : 'Pause');
    if (isStopping && question.isAsking()) question.withdraw();
    for (const control of [slider, pause]) control.disabled = isStopping;
    stop.disabled = isStopping || question.isAsking();
    setText(byId('in-force'), isStopping ? 'stopping: what is in flight may still end' : inForceText(latest));
    // What someone is setting is not to be moved under their finger.
    if (isHeld || sending.isSending()) return;
    slider.value = String(Math.round(share * 100));
    showShare(share);
  };
  const sending = createSending((reason) => {
    setText(byId('not-done'), reason === '' ? '' : `not done: ${reason}`);
    show();
  });
  const question = createQuestion(() => sending.ask({ do: 'stop' }));

  slider.addEventListener('input', () => {
    isHeld = true;
    showShare(Number(slider.value) / 100);
  });
  slider.addEventListener('change', () => {
    isHeld = false;
    sending.ask({ do: 'set', share: Number(slider.value) / 100 });
  });
  pause.addEventListener('click', () => sending.ask({ do: latest?.isPaused === true ? 'resume' : 'pause' }));
  if (kind === 'stack') nameForStack();
  return (control) => {
    latest = control;
    show();
  };
};
