import type { MiddlewareHandler } from 'hono';

/**
 * Names under which browsers may reach us: another one is somebody's page that resolves to this machine (DNS rebinding). A name with a port of
 * its own is one that a proxy in front of us is reached by.
 */
export function allowedHosts(host: string, port: number, more: readonly string[]): ReadonlySet<string> {
  const names = ['127.0.0.1', 'localhost', '[::1]', bracketed(host), ...more].map((name) => name.toLowerCase());
  return new Set(
    names.flatMap((name) => {
      const [, bare = name, own = String(port)] = /^(.*[^:\]]|\[.*\]):(\d+)$/.exec(name) ?? [];
      // browsers leave out the port that goes without saying
      return [`${bare}:${own}`, ...(own === '80' || own === '443' ? [bare] : [])];
    }),
  );
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether nobody comes from elsewhere: neither by the address that it listens on, nor by a name that a proxy before it has. */
export function isOnlyHere(host: string, allowHosts: readonly string[]): boolean {
  const bare = (name: string) => name.toLowerCase().replace(/^\[(.*)\](:\d+)?$|^([^:]*):\d+$/, '$1$3');
  return [host, ...allowHosts.map(bare)].every(isLoopback);
}

/** Refuses with 421 what calls us by a name that is none of ours. */
export function onlyOurHosts(hosts: ReadonlySet<string>): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host')?.toLowerCase();
    if (host !== undefined && hosts.has(host)) return next();
    return c.text(
      `This dashboard is not called ${JSON.stringify((host ?? '').slice(0, 100))}. Start it with --allow-host NAME.\n`,
      421,
    );
  };
}

/**
 * Whether a request that changes something comes from one of our own pages, as far as the browser tells. A page of another port of this machine is
 * of the same site and of another origin, so it is none of ours.
 */
export function isSameOrigin(origin: string | undefined, site: string | undefined, host: string | undefined): boolean {
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === undefined) return site === 'same-origin';
  const from = /^https?:\/\/([^/]+)$/.exec(origin)?.[1]?.toLowerCase();
  return from !== undefined && from === host?.toLowerCase();
}
