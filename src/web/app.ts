import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { streamSSE } from 'hono/streaming';
import { asWaybillError } from '../order/error.ts';
import type { Station } from '../station/station.ts';
import type { Records } from '../views/records.ts';
import { asset } from './assets.ts';
import { SECURITY_HEADERS } from './gate/headers.ts';
import { isSameOrigin } from './gate/hosts.ts';
import type { Token } from './gate/token.ts';
import { sendRegions } from './live.ts';
import type { PageContext, PageOf, Visitor } from './page.ts';
import { errorView, missingView } from './pages/error.ts';
import { PAGES } from './pages.ts';
import { page } from './shell.ts';

export interface AppOptions {
  readonly station: Station;
  readonly records: Records;
  readonly token: Token;
  /** `host:port` as browsers may name us. */
  readonly hosts: ReadonlySet<string>;
  /** The port, which names the cookie: cookies are of a host, whatever the port. */
  readonly port: number;
  /** Whether also looking needs the token: where others than this machine's users reach us. */
  readonly isGuarded: boolean;
}

/** All routes of the dashboard. It reads the records, and changes things as the command line does. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono();
  const cookie = `waybill-${options.port}`;
  const visitorOf = (c: Context): Visitor => {
    const mayAct = options.token.is(getCookie(c, cookie));
    const field = html`<input type="hidden" name="csrf" value="${options.token.csrf}">`;
    return { mayAct, csrfField: () => (mayAct ? field : html``) };
  };
  const contextOf = (c: Context): PageContext => ({
    station: options.station,
    records: options.records,
    visitor: visitorOf(c),
  });

  app.use(headers, onlyOurHosts(options.hosts), tokenInAddress(options.token, cookie));
  app.get('/assets/:name', (c) => {
    const found = asset(c.req.param('name'));
    if (found === null) return c.notFound();
    c.header('Content-Type', found.type);
    c.header('Cache-Control', c.req.query('v') === found.hash ? 'public, max-age=31536000, immutable' : 'no-cache');
    return c.body(new Uint8Array(found.bytes));
  });
  app.use(async (c, next) => {
    if (options.isGuarded && !visitorOf(c).mayAct)
      return c.text('This dashboard needs its token. Open the address that `waybill dashboard` printed.\n', 401);
    return next();
  });
  for (const [path, draw] of Object.entries(PAGES)) app.get(path, (c) => show(c, contextOf(c), draw));
  app.notFound((c) => show(c, contextOf(c), missingView));
  app.onError(async (thrown, c) => {
    const error = asWaybillError(thrown);
    return show(c, contextOf(c), errorView(error), error.code === 'UNKNOWN_ORDER' ? 404 : 500);
  });
  // what changes something is routed after this
  app.on('POST', '*', onlyOurForms(options, visitorOf));
  return app;
}

async function show(c: Context, context: PageContext, draw: PageOf, status?: 404 | 500): Promise<Response> {
  const asked = { params: c.req.param() as Record<string, string>, query: new URL(c.req.url).searchParams };
  if (c.req.header('accept')?.includes('text/event-stream'))
    return streamSSE(c, (stream) => sendRegions(stream, context.records, () => draw(context, asked)));
  const view = await draw(context, asked);
  return c.html(page(context, view), status ?? view.status ?? 200);
}

const headers: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value);
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
};

function onlyOurHosts(hosts: ReadonlySet<string>): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host')?.toLowerCase();
    if (host === undefined || !hosts.has(host))
      return c.text(
        `This dashboard is not called ${JSON.stringify(host ?? '')}. Start it with --allow-host NAME.\n`,
        421,
      );
    return next();
  };
}

/** The address that is printed opens the dashboard once with the token; a cookie stands for it from then on, and the address bar forgets it. */
function tokenInAddress(token: Token, cookie: string): MiddlewareHandler {
  return async (c, next) => {
    const given = c.req.query('token');
    if (given === undefined || c.req.method !== 'GET') return next();
    const url = new URL(c.req.url);
    url.searchParams.delete('token');
    if (!token.is(given))
      return c.text('This token is of another dashboard. Open the address that the running one printed.\n', 403);
    setCookie(c, cookie, token.text, { httpOnly: true, sameSite: 'Strict', path: '/' });
    return c.redirect(`${url.pathname}${url.search}`, 303);
  };
}

/** Throws nothing: answers 403 with the reason. */
function onlyOurForms({ hosts, token }: AppOptions, visitorOf: (c: Context) => Visitor): MiddlewareHandler {
  return async (c, next) => {
    if (!isSameOrigin(c.req.header('origin'), c.req.header('sec-fetch-site'), hosts))
      return c.text('This does not come from a page of this dashboard.\n', 403);
    if (!visitorOf(c).mayAct)
      return c.text('Acting needs the token. Open the address that `waybill dashboard` printed.\n', 403);
    const body = await c.req.parseBody();
    if (!token.isCsrf(body['csrf']))
      return c.text('The form is none of ours, or of before a restart. Load the page again.\n', 403);
    return next();
  };
}
