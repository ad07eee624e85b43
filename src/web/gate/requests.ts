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
  const [site, mode] = [c.req.header('sec-fetch-site'), c.req.header('sec-fetch-mode')];
  const isOurs = site === undefined || site === 'same-origin' || site === 'none';
  // somebody may follow a link to us; nothing of us is put into pages of others
  if (!isOurs && mode !== 'navigate') return c.text('This is not for pages of other sites.\n', 403);
  return next();
};

/** Refuses a larger body before any of it is parsed. */
export const smallBodies: MiddlewareHandler = bodyLimit({
  maxSize: BODY,
  onError: (c) => c.text('This form is too large.\n', 413),
});
