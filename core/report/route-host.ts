/** The host in names of routes: where all that are shown have the same, it need not stand in each. */

/** `GET shop.example.com/cart` → `shop.example.com`; of `GET /cart` an empty one; of `other`, which is many, none. */
const hostOf = (route: string): string | undefined => /^\S+ ([^/]*)\//.exec(route)?.[1];

/** The host that all of these routes share; empty where they do not. */
export const sharedHost = (routes: readonly string[]): string => {
  const [host = '', ...others] = new Set(routes.map(hostOf).filter((one) => one !== undefined));
  return others.length === 0 ? host : '';
};

/** `GET shop.example.com/cart` → `GET /cart`, where `host` is `shop.example.com`. */
export const withoutHost = (route: string, host: string): string =>
  host === '' ? route : route.replace(` ${host}/`, ' /');
