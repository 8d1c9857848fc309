/** The state in a word, and the large figures. */

import type { LiveHead, LiveNow, LiveTile } from '../../core/pages/live-state.ts';
import type { LineState } from './connection.ts';
import { byId, make, setText, whenChanged } from './dom.ts';

const percentOf = (share: number): number => Math.floor(share * 100);

const titleOf = ({ title, doneShare }: LiveHead): string =>
  doneShare === null ? title : `${title} · ${percentOf(doneShare)} %`;

const showDone = (doneShare: number | null): void => {
  const done = byId<HTMLProgressElement>('done');
  done.hidden = doneShare === null;
  if (doneShare !== null) done.value = doneShare;
};

const showNotes = whenChanged((notes: readonly string[]) => {
  const list = byId('notes');
  list.hidden = notes.length === 0;
  list.replaceChildren(...notes.map((note) => make('li', '', note)));
});

const tileOf = ({ label, value, note, tone }: LiveTile): HTMLElement => {
  const tile = make(
    'div',
    'tile',
    make('dt', '', label),
    make('dd', 'value', value),
    make('dd', 'note', note),
  );
  tile.dataset.tone = tone;
  return tile;
};

const showTiles = whenChanged((tiles: readonly LiveTile[]) =>
  byId('tiles').replaceChildren(...tiles.map(tileOf)),
);

/** Shows how things stand. */
export const showHead = ({ head, tiles, notes }: LiveNow): void => {
  byId('head').dataset.tone = head.tone;
  setText(byId('head-title'), titleOf(head));
  setText(byId('head-detail'), head.detail);
  showDone(head.doneShare);
  showNotes(notes);
  showTiles(tiles);
  document.title = `${titleOf(head)} – Reprise`;
};

const lineText = (state: LineState, silentMs: number): string => {
  switch (state) {
    case 'connecting':
      return 'connecting';
    case 'live':
      return 'live';
    case 'ended':
      return 'ended: this is the last state';
    case 'lost':
      return `no word from the server for ${Math.max(1, Math.round(silentMs / 1000))} s: what is shown is old`;
    default:
      return state satisfies never;
  }
};

/** Shows whether the server is there. */
export const showLine = (state: LineState, silentMs: number): void => {
  byId('page').dataset.state = state;
  setText(byId('connection-text'), lineText(state, silentMs));
};
