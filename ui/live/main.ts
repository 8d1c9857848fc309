/** The live page: what the server tells, once a second, on one screen. */

import type { LiveControl, LiveFrame, LivePageOf, LiveRow } from '../../core/pages/live-state.ts';
import { startThemeToggle } from '../shared/theme.ts';
import { openLine } from './connection.ts';
import { startControls } from './controls.ts';
import { createCourse, drawCharts } from './course.ts';
import { byId, setText } from './dom.ts';
import { showHead, showLine } from './head-view.ts';
import { showLists } from './lists-view.ts';

interface Views {
  readonly charts: (rows: readonly LiveRow[], endMs: number | undefined) => void;
  readonly controls: (control: LiveControl | null) => void;
}

const course = createCourse();
let views: Views | undefined;

/** Once: what a page is of does not change while it is open. */
const openViews = ({ kind, title, charts }: LivePageOf): Views => {
  byId('page').dataset.kind = kind;
  setText(byId('title'), title);
  if (kind === 'stack') setText(byId('held-back-title'), 'Held back of the last log');
  return { charts: drawCharts(byId('charts'), charts), controls: startControls(kind) };
};

const show = ({ page, course: changes, now }: LiveFrame): void => {
  if (page !== undefined) views ??= openViews(page);
  course.take(changes);
  views?.charts(course.rows(), course.endMs());
  views?.controls(now.control);
  showHead(now);
  showLists(now);
};

startThemeToggle(byId<HTMLButtonElement>('theme'));
openLine({ onFrame: show, onState: showLine });
