// Until a command watches for interrupts itself, one ends the process as it would a run that has just begun: with exit code 3. It is
// installed before the program is loaded, which takes a moment, and stays: a signal that is pending while listeners change is lost.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (process.listenerCount(signal) > 1) return;
    process.stderr.write('stopped\n');
    process.exit(3);
  });
}
