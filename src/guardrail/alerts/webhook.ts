import { setTimeout as sleep } from 'node:timers/promises';
import { WaybillError } from '../../order/error.ts';
import { newUlid } from '../../platform/ids.ts';
import type { AlertSettings } from '../../station/settings.ts';

type Webhook = NonNullable<AlertSettings['webhook']>;

/** Bounds on the whole of it and its parts, in milliseconds. */
export interface WebhookTimes {
  /** From the first try to the end of the last. */
  readonly overallMs: number;
  readonly tryMs: number;
  /** Before the second try; it doubles each time. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
}

export const WEBHOOK_TIMES: WebhookTimes = { overallMs: 60_000, tryMs: 10_000, pauseMs: 500, longestPauseMs: 15_000 };

/** How one try ended: taken, refused for good, or something that may pass. */
type Outcome =
  | { readonly end: 'taken' }
  | { readonly end: 'refused'; readonly why: string; readonly hint?: string }
  | { readonly end: 'again'; readonly why: string; readonly afterMs: number | null };

/**
 * Sends `body` by POST. Network errors, timeouts, 408, 429 and 5xx are tried again with growing pauses that differ by chance, or after
 * what `Retry-After` says; redirects are not followed, because the headers would go along. Each try carries the same `Idempotency-Key`.
 * Throws ALERT_FAILED; what it says names the host and never the rest of the address, which may be a secret.
 */
export async function postAlerts(
  webhook: Webhook,
  body: string,
  times: WebhookTimes = WEBHOOK_TIMES,
  stop?: AbortSignal,
): Promise<void> {
  const { url, headers } = addressed(webhook);
  const refuse = (why: string, hint?: string): never => {
    throw new WaybillError('ALERT_FAILED', `the webhook at ${url.origin} ${why}`, hint === undefined ? {} : { hint });
  };
  const until = Date.now() + times.overallMs;
  for (let n = 1; ; n++) {
    const left = until - Date.now();
    const outcome = await tryOnce(url, headers, body, Math.min(times.tryMs, Math.max(1, left)), stop);
    if (outcome.end === 'taken') return;
    if (outcome.end === 'refused') return refuse(outcome.why, outcome.hint);
    const tried = `${outcome.why}; tried ${n === 1 ? 'once' : `${n} times`}`;
    if (stop?.aborted) refuse(`${tried}, and the guardrail stops`);
    if (n >= webhook.tries) refuse(tried);
    const pauseMs = outcome.afterMs ?? growing(times, n);
    if (Date.now() + pauseMs >= until) refuse(`${tried}, and no time is left for another`);
    await sleep(pauseMs, undefined, stop === undefined ? {} : { signal: stop }).catch(() => {});
    if (stop?.aborted) refuse(`${tried}, and the guardrail stops`);
  }
}

/** From half of the pause to all of it: many stations that lost the same receiver don't come back at the same instant. */
function growing(times: WebhookTimes, tried: number): number {
  const pause = Math.min(times.longestPauseMs, times.pauseMs * 2 ** (tried - 1));
  return pause * (0.5 + Math.random() / 2);
}

/** The address without user and password, which go into a header, as everywhere else than in fetch. */
function addressed(webhook: Webhook): { url: URL; headers: Headers } {
  const url = URL.canParse(webhook.url) ? new URL(webhook.url) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new WaybillError('ALERT_FAILED', 'guardrail.alerts.webhook.url is no http or https address');
  const headers = new Headers({
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'waybill',
    'idempotency-key': newUlid(),
  });
  if (url.username !== '' || url.password !== '') {
    const pair = `${unescaped(url.username)}:${unescaped(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`);
    url.username = '';
    url.password = '';
  }
  for (const [name, variable] of Object.entries(webhook.headersEnv)) {
    const value = process.env[variable];
    if (value === undefined || value === '')
      throw new WaybillError('ALERT_FAILED', `the webhook's header ${name}: the variable ${variable} is not set`, {
        hint: 'Set it in the environment of the station; services have one of their own.',
      });
    try {
      headers.set(name, value);
    } catch {
      // fetch's own message would show the value
      throw new WaybillError('ALERT_FAILED', `the webhook's header ${name}: what ${variable} holds cannot be a header`);
    }
  }
  return { url, headers };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function tryOnce(url: URL, headers: Headers, body: string, tryMs: number, stop?: AbortSignal): Promise<Outcome> {
  const timeout = AbortSignal.timeout(tryMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: stop === undefined ? timeout : AbortSignal.any([timeout, stop]),
    });
    // what it has to say is not needed, and might never end
    await response.body?.cancel().catch(() => {});
    return judged(response);
  } catch (error) {
    return { end: 'again', why: networkFault(error, timeout.aborted, tryMs), afterMs: null };
  }
}

function judged(response: Response): Outcome {
  const { status } = response;
  const why = `answered ${status}`;
  if (status >= 200 && status < 300) return { end: 'taken' };
  if (status >= 300 && status < 400)
    return { end: 'refused', why: `${why}, a redirect, which is not followed`, hint: 'Name the final address.' };
  if (status === 408 || status === 429 || status >= 500)
    return { end: 'again', why, afterMs: retryAfter(response.headers.get('retry-after')) };
  return { end: 'refused', why };
}

/** Milliseconds, from a number of seconds or a date; null where the header is missing or neither. */
export function retryAfter(value: string | null, nowMs = Date.now()): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** Codes only: the messages of fetch may hold the address. */
function networkFault(error: unknown, timedOut: boolean, tryMs: number): string {
  if (timedOut) return `did not answer within ${Math.round(tryMs / 100) / 10} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = codeOf(cause) ?? codeOf(error);
  return `could not be reached (${code ?? 'network error'})`;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
