import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { streamSSE } from 'hono/streaming';
import { asWaybillError } from '../order/error.ts';
import type { Station } from '../station/station.ts';
import type { Records } from '../views/records.ts';
import { routeActions } from './actions/routes.ts';
import { asset } from './assets.ts';
import { type Behind, onlyOurForms } from './gate/forms.ts';
import { securityHeaders } from './gate/headers.ts';
import { onlyOurHosts } from './gate/hosts.ts';
import { plainRequests, smallBodies } from './gate/requests.ts';
import { SignIn } from './gate/sign-in.ts';
import type { StartedAt } from './gate/started-at.ts';
import { Streams } from './gate/streams.ts';
import type { Token } from './gate/token.ts';
import { refuseRegions, sendRegions } from './live.ts';
import { addApi } from './machine/api.ts';
import { addChartData } from './machine/chart-data.ts';
import { addEvents } from './machine/events.ts';
import { addMonitoring } from './machine/monitoring.ts';
import type { PageContext, PageOf, Visitor } from './page.ts';
import { approvalDiff } from './pages/approval.ts';
import { errorView, missingView, statusOf } from './pages/error.ts';
import { refusalView } from './pages/token.ts';
import { PAGES } from './pages.ts';
import { noticeOf } from './parts/notice.ts';
import { page, withLedgerFault } from './shell.ts';

export interface AppOptions {
  readonly station: Station;
  readonly records: Records;
  readonly token: Token;
  /** `host:port` as browsers may name us. */
  readonly hosts: ReadonlySet<string>;
  /** The port, which names the cookie. */
  readonly port: number;
  /** Whether also looking needs the token: where others than this machine's users reach us. */
  readonly isGuarded: boolean;
  readonly startedAt: StartedAt;
}

/** All routes of the dashboard. It reads the records, and changes things as the command line does. */
export function createApp({ station, records, token, hosts, port, isGuarded, startedAt }: AppOptions): Hono<Behind> {
  const app = new Hono<Behind>();
  const signIn = new SignIn(token, port);
  const streams = new Streams();
  const field = html`<input type="hidden" name="csrf" value="${token.csrf}">`;
  const visitorOf = (c: Context): Visitor => {
    const mayAct = signIn.isSignedIn(c);
    return { mayAct, startedAt, csrfField: () => (mayAct ? field : html``) };
  };
  const contextOf = (c: Context): PageContext => ({ station, records, visitor: visitorOf(c) });
  const show = (c: Context, draw: PageOf, status?: Status) => answer(c, contextOf(c), streams, draw, status);

  app.use(async (_, next) => {
    records.history.giveWay();
    await next();
  });
  // the gate, for everything
  app.use(securityHeaders, plainRequests, onlyOurHosts(hosts), smallBodies, signIn.byAddress);
  app.get('/assets/:name', (c) => {
    const found = asset(c.req.param('name'));
    if (found === null) return c.notFound();
    c.header('Content-Type', found.type);
    c.header('Cache-Control', c.req.query('v') === found.hash ? 'public, max-age=31536000, immutable' : 'no-cache');
    return c.body(new Uint8Array(found.bytes));
  });
  app.post('/token', signIn.byForm);
  app.use(async (c, next) => {
    if (isGuarded && !signIn.mayLook(c) && c.req.path !== '/token') return show(c, refusalView('look'), 401);
    return next();
  });

  // looking
  addMonitoring(app, station, records);
  addChartData(app, records);
  addApi(app, station);
  addEvents(app, station, records, streams);
  app.get('/approvals/:id/diff', (c) => approvalDiff(station, c.req.param('id')).then((text) => c.text(text)));
  for (const [path, draw] of Object.entries(PAGES)) app.get(path, (c) => show(c, draw));

  // what changes something is routed after this
  app.on(
    'POST',
    '*',
    onlyOurForms(token, visitorOf, (c, why) => show(c, refusalView(why), why === 'form' ? 400 : 403)),
  );
  routeActions(app, contextOf, show);
  app.notFound((c) => show(c, missingView, 404));
  app.onError((thrown, c) => {
    const error = asWaybillError(thrown);
    return show(c, errorView(error), statusOf(error.code));
  });
  return app;
}

type Status = 400 | 401 | 403 | 404 | 409 | 422 | 500 | 503;

/** Answers with a page, or with the stream that keeps it up to date where that is asked for. */
async function answer(
  c: Context,
  context: PageContext,
  streams: Streams,
  draw: PageOf,
  status?: Status,
): Promise<Response> {
  const url = new URL(c.req.url);
  const asked = { params: c.req.param() as Record<string, string>, query: url.searchParams };
  if (status === undefined && c.req.method === 'GET' && c.req.header('accept')?.includes('text/event-stream')) {
    const leave = streams.enter();
    // an EventSource tells its page nothing of a status
    if (leave === null) return streamSSE(c, refuseRegions);
    return streamSSE(c, async (stream) => {
      try {
        await sendRegions(stream, context.records, async () => withLedgerFault(context, await draw(context, asked)));
      } finally {
        leave();
      }
    });
  }
  const view = withLedgerFault(context, await draw(context, asked));
  if (view.location !== undefined) return c.redirect(view.location, 303);
  return c.html(page(context, view, noticeOf(url.searchParams.get('done'))), status ?? view.status ?? 200);
}
