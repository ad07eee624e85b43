/** Names under which browsers may reach us: another one is somebody's page that resolves to this machine (DNS rebinding). */
export function allowedHosts(host: string, port: number, more: readonly string[]): ReadonlySet<string> {
  const names = ['127.0.0.1', 'localhost', '[::1]', bracketed(host), ...more];
  return new Set(
    names.flatMap((name) => [`${name}:${port}`.toLowerCase(), ...(port === 80 ? [name.toLowerCase()] : [])]),
  );
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether a request that changes something comes from one of our own pages, as far as the browser tells. */
export function isSameOrigin(
  origin: string | undefined,
  site: string | undefined,
  hosts: ReadonlySet<string>,
): boolean {
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === undefined) return site === 'same-origin';
  const host = /^http:\/\/([^/]+)$/.exec(origin)?.[1]?.toLowerCase();
  return host !== undefined && hosts.has(host);
}
