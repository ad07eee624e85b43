import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { isFromUs, readForm } from './forms.ts';
import { ownAddress } from './requests.ts';
import type { Token } from './token.ts';

/** Wrong tokens that are answered within a minute; guessing is hopeless, and no reason to do work. */
const GUESSES = 20;
const MINUTE_MS = 60_000;

/**
 * How somebody shows that they have the token: by the address that `waybill dashboard` printed, or by putting it into the form of /token. A cookie
 * stands for it from then on; no address, page or log has it any more. Cookies are of a host, whatever the port, so the port is in its name.
 */
export class SignIn {
  readonly #token: Token;
  readonly #cookie: string;
  #wrong: number[] = [];

  constructor(token: Token, port: number) {
    this.#token = token;
    this.#cookie = `waybill-${port}`;
  }

  /** Whether this browser brought the token before. */
  isSignedIn(c: Context): boolean {
    return this.#token.is(getCookie(c, this.#cookie));
  }

  /** Whether somebody may look where looking needs the token too: a program brings it as `Authorization: Bearer`. */
  mayLook(c: Context): boolean {
    return this.isSignedIn(c) || this.#token.is(/^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1]);
  }

  /** Takes the token out of an address. */
  readonly byAddress: MiddlewareHandler = async (c, next) => {
    const given = c.req.queries('token');
    if (given === undefined) return next();
    if (c.req.method === 'POST') return c.text('The token does not belong into the address of a form.\n', 400);
    const url = new URL(c.req.url);
    url.searchParams.delete('token');
    return this.#enter(c, given.length === 1 ? given[0] : undefined, `${url.pathname}${url.search}`);
  };

  /** POST /token: the token, or the whole address that was printed. */
  readonly byForm = async (c: Context): Promise<Response> => {
    if (!isFromUs(c)) return c.text('This does not come from a page of this dashboard.\n', 403);
    const given = (await readForm(c))?.get('token')?.trim() ?? '';
    return this.#enter(c, /[?&]token=([\w-]+)/.exec(given)?.[1] ?? given, '/');
  };

  #enter(c: Context, given: string | undefined, to: string): Response {
    if (!this.#token.is(given)) return this.#refuse(c);
    setCookie(c, this.#cookie, this.#token.text, { httpOnly: true, sameSite: 'Strict', path: '/' });
    return c.redirect(ownAddress(to), 303);
  }

  #refuse(c: Context): Response {
    const now = Date.now();
    this.#wrong = [...this.#wrong.filter((at) => now - at < MINUTE_MS), now].slice(-GUESSES - 1);
    if (this.#wrong.length > GUESSES) {
      c.header('Retry-After', '60');
      return c.text('Too many wrong tokens. Wait a minute.\n', 429);
    }
    return c.text('This is not the token of the dashboard that runs. Open the address that it printed.\n', 403);
  }
}
