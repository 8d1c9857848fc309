/** Remembers the answer for texts that come again and again: hosts, clients, names of headers. */

/** Longer texts are not worth keeping: they seldom come twice, and a log could fill the memory with them. */
const MAX_LENGTH = 256;

/** The same text in memory of its own; a part of a line would keep the whole line alive. */
const ownCopy = (text: string): string => ` ${text}`.slice(1);

/**
 * Makes `work` remember its answers. What a log says is chosen by outsiders, so memory is bounded: it starts anew when full.
 *
 * @param most - answers that are kept
 */
export const remember = <T>(work: (text: string) => T, most = 4_096): ((text: string) => T) => {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const own = ownCopy(text);
    const answer = work(own);
    if (own.length > MAX_LENGTH) return answer;
    if (known.size >= most) known.clear();
    known.set(own, answer);
    return answer;
  };
};
