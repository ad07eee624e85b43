import type { MiddlewareHandler } from 'hono';

/**
 * What machines read is no business of other people's pages: they could not read it, but could make us work. A browser says whose page asks;
 * other programs say nothing.
 */
export const onlyOurSites: MiddlewareHandler = async (c, next) => {
  const site = c.req.header('sec-fetch-site');
  if (site === 'cross-site' || site === 'same-site')
    return c.text('This does not come from a page of this dashboard.\n', 403);
  return next();
};
