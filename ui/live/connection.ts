/** The line to the server: its events, and whether it is still there. */

import type { LiveFrame } from '../../core/pages/live-state.ts';

/** `lost`: no word from the server; it is tried again and again. `ended`: it has said its last. */
export type LineState = 'connecting' | 'live' | 'lost' | 'ended';

export interface LineListener {
  onFrame(frame: LiveFrame): void;
  /** @param silentMs - how long nothing was heard */
  onState(state: LineState, silentMs: number): void;
}

/** It speaks once a second. */
const SILENT_MS = 2_500;
/** A line that is open and says nothing for so long is opened anew. */
const DEAD_MS = 6_000;
const RETRY_MS = 1_000;
const LOOK_EVERY_MS = 250;

/** Opens the events once: `onEnd` where that is not to be, or is over. */
const openSource = (onEvent: (event: MessageEvent<string>) => void, onEnd: () => void): EventSource => {
  const source = new EventSource('events');
  for (const type of ['whole', 'changes', 'end'])
    source.addEventListener(type, (event) => onEvent(event as MessageEvent<string>));
  source.addEventListener('error', onEnd);
  return source;
};

/** Opens the line, and opens it anew until the server has said its last. */
export const openLine = ({ onFrame, onState }: LineListener): void => {
  let source: EventSource | undefined;
  let state: LineState = 'connecting';
  let seq = 0;
  let heardAtMs = performance.now();
  let openedAtMs = Number.NEGATIVE_INFINITY;

  const close = (): void => {
    source?.close();
    source = undefined;
  };
  const take = ({ type, data }: MessageEvent<string>): void => {
    const frame = JSON.parse(data) as LiveFrame;
    // Something was missed: all of it is asked for again.
    if (frame.page === undefined && frame.seq !== seq + 1) return close();
    seq = frame.seq;
    heardAtMs = performance.now();
    state = type === 'end' ? 'ended' : 'live';
    onFrame(frame);
    onState(state, 0);
    if (state === 'ended') close();
  };
  const look = (): void => {
    if (state === 'ended') return;
    const nowMs = performance.now();
    const silentMs = nowMs - heardAtMs;
    if (silentMs > SILENT_MS || (state === 'live' && source === undefined)) {
      state = 'lost';
      onState(state, silentMs);
    }
    if (source !== undefined && Math.min(silentMs, nowMs - openedAtMs) > DEAD_MS) close();
    if (source !== undefined || nowMs - openedAtMs < RETRY_MS) return;
    openedAtMs = nowMs;
    source = openSource(take, close);
  };
  look();
  setInterval(look, LOOK_EVERY_MS);
};
