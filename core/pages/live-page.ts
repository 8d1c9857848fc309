/** The live page as it is served: its skeleton, which `ui/live/main.ts` fills with what the server tells. */

/** Two lines, one above the other: what was recorded and what is replayed. */
export const LIVE_ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
  '<rect width="16" height="16" rx="4" fill="#0b7f76"/>' +
  '<path d="M3 6.5 6 4l3 2 4-2.5M3 12l3-2.5 3 2L13 9" fill="none" stroke="#fff" stroke-width="1.6"/></svg>\n';

const CONTROLS = `<section class="card controls" id="controls" aria-label="Controls">
  <div class="slider">
    <label for="share">Kill switch</label>
    <input id="share" type="range" min="0" max="100" step="1" value="100" aria-describedby="in-force">
    <output id="share-text" for="share">100 %</output>
  </div>
  <div class="buttons">
    <button type="button" id="pause">Pause</button>
    <button type="button" id="stop" class="danger">Stop</button>
  </div>
  <div id="confirm" role="group" aria-labelledby="confirm-text" hidden>
    <span id="confirm-text">Stop the run?</span>
    <button type="button" id="confirm-yes" class="danger">Yes, stop</button>
    <button type="button" id="confirm-no">No, go on</button>
  </div>
  <p id="in-force" class="muted"></p>
  <p id="not-done" role="alert"></p>
</section>`;

const FAILURES = `<section class="card" id="failures" hidden>
  <h2>Last failures</h2>
  <section class="scroll" tabindex="0" aria-label="Table of the last failures">
    <table>
      <thead><tr><th scope="col">after</th><th scope="col">what</th><th scope="col">request</th><th scope="col">target</th><th scope="col">detail</th></tr></thead>
      <tbody id="failure-rows"></tbody>
    </table>
  </section>
</section>`;

const listCard = (id: string, title: string): string =>
  `<section class="card" id="${id}" hidden><h2 id="${id}-title">${title}</h2><ul class="list" id="${id}-list"></ul></section>`;

/** A page of its own: script, style and icon lie beside it, and it asks for nothing else. */
export const LIVE_PAGE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Reprise, live</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="live.css">
<script src="live.js" defer></script>
</head>
<body>
<div class="page" id="page" data-state="connecting">
<header class="bar">
  <p><span class="brand">Reprise</span> <span id="title" class="muted"></span></p>
  <p id="connection" role="status"><span class="dot" aria-hidden="true"></span><span id="connection-text">connecting</span></p>
  <button type="button" id="theme" hidden>Dark</button>
</header>
<main>
<section class="card head" id="head" data-tone="calm" aria-label="State">
  <h1 id="head-title" aria-live="polite">Connecting</h1>
  <p id="head-detail" class="muted"></p>
  <progress id="done" class="done" aria-label="Of the log" max="1" value="0" hidden></progress>
  <ul id="notes" class="notes" hidden></ul>
</section>
${CONTROLS}
<dl class="tiles" id="tiles"></dl>
<div class="columns">
  <section class="card charts" id="charts" aria-label="Course"></section>
  <div class="side">
    ${listCard('gates', 'Gates')}
    ${listCard('targets', 'Targets')}
    ${listCard('statuses', 'Answers')}
    ${listCard('held-back', 'Held back')}
  </div>
</div>
${FAILURES}
</main>
</div>
<noscript><p class="page">This page is filled by a script of its own server; it needs JavaScript.</p></noscript>
</body>
</html>
`;
