/** Which routes a gate's glob means. */

import { globMatcher } from '../plan/glob.ts';

type Matcher = (text: string) => boolean;

const anything: Matcher = () => true;

/** Matcher of `path`, of any host, or of `host/path`; hosts are named in lower case. */
const placeMatcher = (place: string): Matcher => {
  const slash = place.indexOf('/');
  if (slash < 0) return anything;
  const matchesPath = globMatcher(place.slice(slash));
  const matchesHost = slash === 0 ? anything : globMatcher(place.slice(0, slash).toLowerCase());
  return (text) => {
    const at = text.indexOf('/');
    return at >= 0 && matchesPath(text.slice(at)) && matchesHost(text.slice(0, at));
  };
};

/**
 * Compiles the glob of a gate that has been read, such as `GET /cart/*`, `* shop.example.com/**` or `GET **`. In paths `*` stands for
 * characters of one segment, `**` for any; without a host, any host will do.
 *
 * @returns whether the name of a route, such as `GET shop.example.com/cart/{id}`, matches as a whole; `other`, which is none, never does
 */
export const routeMatcher = (glob: string): Matcher => {
  const blank = glob.indexOf(' ');
  const method = glob.slice(0, blank);
  const matchesPlace = placeMatcher(glob.slice(blank + 1));
  return (route) => {
    const at = route.indexOf(' ');
    return at > 0 && (method === '*' || method === route.slice(0, at)) && matchesPlace(route.slice(at + 1));
  };
};
