import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

const METHODS = ['GET', 'HEAD', 'POST'];
/** Characters of an address. */
const ADDRESS = 4096;
/** Bytes of a form. */
const BODY = 64 * 1024;

/** Refuses what no page of ours ever sends: other methods, endless addresses, and what other sites' pages fetch or embed. */
export const plainRequests: MiddlewareHandler = async (c, next) => {
  if (!METHODS.includes(c.req.method)) {
    c.header('Allow', METHODS.join(', '));
    return c.text('Only GET, HEAD and POST are known here.\n', 405);
  }
  if (c.req.raw.url.length > ADDRESS) return c.text('This address is too long.\n', 414);
  const [site, mode, into] = ['site', 'mode', 'dest'].map((name) => c.req.header(`sec-fetch-${name}`));
  if (site === undefined || site === 'same-origin' || site === 'none') return next();
  // somebody may follow a link to us; nothing of us is put into pages of others
  if (mode !== 'navigate' || into !== 'document') return c.text('This is not for pages of other sites.\n', 403);
  const url = new URL(c.req.url);
  if (!url.searchParams.has('verify')) return next();
  // who follows a link has not asked for work
  url.searchParams.delete('verify');
  return c.redirect(ownAddress(`${url.pathname}${url.search}`), 303);
};

/** An address of ours to redirect to: with two slashes in front it would be another host's. */
export function ownAddress(path: string): string {
  return path.replace(/^[/\\]+/, '/');
}

/** Refuses a larger body before any of it is parsed. */
export const smallBodies: MiddlewareHandler = bodyLimit({
  maxSize: BODY,
  onError: (c) => c.text('This form is too large.\n', 413),
});
