// Without a listener SIGUSR1 opens Node's debugger, through which any user of the machine can run code in this process. So it has one
// before anything else is loaded, whatever the command is, and keeps it. A pause that is asked for before a run listens is kept for it.
const HAS_PAUSE_SIGNAL = process.platform !== 'win32';
/** `--inspect`, or an editor that debugs what it starts. */
const isDebugged = /--inspect(-brk|-wait)?(=|\s|$)|debug/.test(
  [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '),
);

let isPaused = false;
let closeDebugger = () => undefined;

/** Whether a pause was asked for, and not taken back by a second signal, before a run listened; asked as it begins to. */
globalThis[Symbol.for('reprise.takeEarlyPause')] = () => {
  closeDebugger();
  const wasPaused = isPaused;
  isPaused = false;
  return wasPaused;
};

if (HAS_PAUSE_SIGNAL) {
  process.on('SIGUSR1', () => {
    if (process.listenerCount('SIGUSR1') === 1) isPaused = !isPaused;
  });
}

// Node itself takes a moment to start, in which nothing can listen: what a signal has opened by then is closed again.
if (HAS_PAUSE_SIGNAL && process.features.inspector && !isDebugged) {
  const { close, url } = await import('node:inspector');
  closeDebugger = () => {
    if (url() === undefined) return;
    isPaused = true;
    close();
  };
  // Node opens it twice for one signal, the second time by the end of the turn. To load the program may take all of its first turn.
  await new Promise(setImmediate);
  closeDebugger();
}
