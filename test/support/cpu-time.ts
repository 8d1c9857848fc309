/** For tests which show that work does not grow without bound: a busy machine adds nothing to the time that it takes by itself. */

/** CPU time in ms, of all threads, that this process has taken so far. */
export const cpuNowMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
