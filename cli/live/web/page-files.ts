/** The files of the live page. */

import { LIVE_SCRIPT, LIVE_STYLE } from '../../../core/pages/assets.ts';
import { LIVE_ICON, LIVE_PAGE } from '../../../core/pages/live-page.ts';
import type { LiveFile } from '../../../io/live-server.ts';

export const PAGE_FILES: Readonly<Record<string, LiveFile>> = {
  '': { type: 'text/html', text: LIVE_PAGE },
  'live.js': { type: 'text/javascript', text: LIVE_SCRIPT },
  'live.css': { type: 'text/css', text: LIVE_STYLE },
  'icon.svg': { type: 'image/svg+xml', text: LIVE_ICON },
};
