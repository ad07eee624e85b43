import type { Context, Hono } from 'hono';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { Station } from '../../station/station.ts';
import { VERSION } from '../../station/version.ts';
import { type Answer, answerText, type Given, refusal } from '../../views/answers/answer.ts';
import { approvalAnswer, approvalsAnswer } from '../../views/answers/approvals.ts';
import { codesAnswer, explainAnswer } from '../../views/answers/explain.ts';
import { metricsAnswer } from '../../views/answers/metrics.ts';
import { logAnswer, showAnswer, whyAnswer } from '../../views/answers/order.ts';
import { ordersAnswer } from '../../views/answers/orders.ts';
import { waitingForApproval } from '../../views/approvals.ts';
import { EXIT, exitCodeOf } from '../../views/exit-codes.ts';
import { stationStatus } from '../../views/station-status.ts';
import type { Behind } from '../gate/forms.ts';
import { onlyOurSites } from './sites.ts';

/** A route of /api/v1: what a command of the command line prints with --json, byte for byte. */
export interface ApiRoute {
  /** Below /api/v1. */
  readonly path: string;
  readonly command: string;
  readonly about: string;
  /** What may stand in the query, called as the options of the command. */
  readonly query: Readonly<Record<string, string>>;
  readonly example: string;
  answer(station: Station, param: (name: string) => string, query: Given): Answer | Promise<Answer>;
}

/** Every route. All of them look; acting is by order files, by the command line and by the forms of the pages. */
export const API: readonly ApiRoute[] = [
  {
    path: '/status',
    command: 'waybill status',
    about: 'how the station stands; ok is false while no process runs it',
    query: {},
    example: '/api/v1/status',
    answer: (station) => stationStatus(station),
  },
  {
    path: '/orders',
    command: 'waybill ls',
    about: 'orders, newest change first',
    query: {
      status: 'ready, running, parked, done, failed, rejected or cancelled',
      waiting: 'what parked orders wait for',
      lane: 'of this lane',
      type: 'of this type',
      code: 'that failed or were rejected with this code',
      search: 'words that all stand in id, title, lane, code or requester',
      limit: 'at most so many (50)',
    },
    example: '/api/v1/orders?status=failed&limit=10',
    answer: (station, _, query) => ordersAnswer(station, query),
  },
  {
    path: '/orders/:id',
    command: 'waybill show ID',
    about: 'one order: its state, and its result once it has one',
    query: {},
    example: '/api/v1/orders/WO-1',
    answer: (station, param) => showAnswer(station, param('id')),
  },
  {
    path: '/orders/:id/why',
    command: 'waybill why ID',
    about: 'what an order waits for, or why it ended so',
    query: {},
    example: '/api/v1/orders/WO-1/why',
    answer: (station, param) => whyAnswer(station, param('id')),
  },
  {
    path: '/orders/:id/log',
    command: 'waybill log ID',
    about: "the ledger's records of one order",
    query: {},
    example: '/api/v1/orders/WO-1/log',
    answer: (station, param) => logAnswer(station, param('id')),
  },
  {
    path: '/orders/:id/verify',
    command: 'waybill verify ID',
    about: 'ledger, evidence and commits of one order, read again and held against each other',
    query: { 'skip-commits': 'yes: leave the commits out' },
    example: '/api/v1/orders/WO-1/verify',
    // it starts a process
    answer: async (station, param, query) =>
      (await import('../../views/answers/verify.ts')).verifiedApart(
        station,
        param('id'),
        query['skip-commits'] === undefined,
      ),
  },
  {
    path: '/approvals',
    command: 'waybill approvals',
    about: 'what waits for people, the longest wait first',
    query: {},
    example: '/api/v1/approvals',
    answer: (station) => approvalsAnswer(waitingForApproval(station)),
  },
  {
    path: '/approvals/:id',
    command: 'waybill approvals ID',
    about: 'an order that asks, with everything that would happen',
    query: {},
    example: '/api/v1/approvals/WO-1',
    answer: (station, param) => approvalAnswer(station, param('id')),
  },
  {
    path: '/metrics',
    command: 'waybill metrics',
    about: 'how far work goes without people, from the ledger alone',
    query: {
      since: 'orders that ended since then: a time, or 12h, 30d, 4w',
      until: 'as the ledger stood then',
      lane: 'of this lane',
    },
    example: '/api/v1/metrics?since=30d',
    answer: (station, _, query) => metricsAnswer(station.layout.ledger, query).found,
  },
  {
    path: '/explain',
    command: 'waybill explain',
    about: 'every error code, and what it means',
    query: {},
    example: '/api/v1/explain',
    answer: codesAnswer,
  },
  {
    path: '/explain/:code',
    command: 'waybill explain CODE',
    about: 'what an error code means, how it comes about, what mends it',
    query: {},
    example: '/api/v1/explain/BAD_ID',
    answer: (_, param) => explainAnswer(param('code')),
  },
  {
    path: '/worktrees',
    command: 'waybill worktrees',
    about: 'the folders in which isolated orders work',
    query: {},
    example: '/api/v1/worktrees',
    // it loads git
    answer: async (station) => (await import('../../views/answers/worktrees.ts')).worktreesAnswer(station),
  },
];

/** Adds /api/v1 and all below it. */
export function addApi(app: Hono<Behind>, station: Station): void {
  app.use('/api/*', onlyOurSites);
  app.get('/api/v1', (c) =>
    send(c, () => ({
      ok: true,
      waybill: VERSION,
      station: station.id,
      routes: API.map(({ path, command, about, query, example }) => ({
        path: `/api/v1${path}`,
        command: `${command} --json`,
        about,
        query,
        example,
      })),
      events: '/events',
    })),
  );
  for (const { path, query, answer } of API)
    app.get(`/api/v1${path}`, (c) =>
      send(c, () => answer(station, (name) => c.req.param(name) ?? '', queryOf(c, Object.keys(query)))),
    );
  app.all('/api/*', (c) =>
    c.req.method === 'GET' || c.req.method === 'HEAD'
      ? refuse(
          c,
          new WaybillError('NO_INPUT', `there is no ${c.req.path}`, { hint: 'GET /api/v1 lists what there is.' }),
        )
      : refuse(
          c,
          new WaybillError('USAGE', `${c.req.method} is not answered here: this only looks`, {
            hint: 'Act by order files, by the command line, or by the pages of the dashboard.',
          }),
          405,
        ),
  );
}

/** The query, of which only these names are known. Throws USAGE. */
export function queryOf(c: Context, known: readonly string[]): Given {
  const given: Record<string, string> = {};
  for (const [name, value] of new URL(c.req.url).searchParams) {
    if (!known.includes(name))
      throw new WaybillError('USAGE', `there is no ${JSON.stringify(name)} here`, {
        hint: known.length === 0 ? 'It takes no query.' : `It takes ${known.join(', ')}.`,
      });
    given[name] = name in given ? `${given[name]},${value}` : value;
  }
  return given;
}

async function send(c: Context, answer: () => Answer | Promise<Answer>): Promise<Response> {
  try {
    return body(c, await answer(), 200);
  } catch (thrown) {
    return refuse(c, asWaybillError(thrown));
  }
}

/** Refuses as the command line does with --json, with the HTTP status that goes with its exit code. */
export function refuse(c: Context, error: WaybillError, status: number = statusOf(error)): Response {
  return body(c, refusal(error), status);
}

function body(c: Context, answer: Answer, status: number): Response {
  return c.body(answerText(answer), status as 200, { 'Content-Type': 'application/json; charset=utf-8' });
}

const STATUS: Readonly<Record<number, number>> = {
  [EXIT.usage]: 400,
  [EXIT.noInput]: 404,
  [EXIT.noPermission]: 403,
  [EXIT.failed]: 409,
  [EXIT.unavailable]: 503,
};

function statusOf(error: WaybillError): number {
  return STATUS[exitCodeOf(error)] ?? 500;
}
