import type { Context, MiddlewareHandler } from 'hono';
import type { Visitor } from '../page.ts';
import { isSameOrigin } from './hosts.ts';
import type { Token } from './token.ts';

/** The fields of a form that came through the gate. Each has one value. */
export type Form = ReadonlyMap<string, string>;

/** What handlers behind the gate find in their context. */
export interface Behind {
  Variables: { form: Form };
}

/** A form as HTML forms send it; null for other bodies, and for one with a field twice: which would count? */
export async function readForm(c: Context): Promise<Form | null> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return null;
  const fields = new URLSearchParams(await c.req.text());
  const form = new Map(fields);
  return form.size === fields.size ? form : null;
}

/** Whether browsers say that one of our own pages sends this, with its query free of the token. */
export function isFromUs(c: Context): boolean {
  return isSameOrigin(c.req.header('origin'), c.req.header('sec-fetch-site'), c.req.header('host'));
}

/**
 * What changes something passes here: it is sent by a page of ours, by somebody who brought the token, as a form that we drew. `refuse` answers
 * what is not.
 */
export function onlyOurForms(
  token: Token,
  visitorOf: (c: Context) => Visitor,
  refuse: (c: Context, why: Refusal) => Response | Promise<Response>,
): MiddlewareHandler<Behind> {
  return async (c, next) => {
    if (!isFromUs(c)) return refuse(c, 'foreign');
    if (!visitorOf(c).mayAct) return refuse(c, 'token');
    if (new URL(c.req.url).search !== '') return refuse(c, 'form');
    const form = await readForm(c);
    if (form === null) return refuse(c, 'form');
    if (!token.isCsrf(form.get('csrf'))) return refuse(c, 'csrf');
    c.set('form', form);
    return next();
  };
}

/** Why a form was refused. */
export type Refusal = 'foreign' | 'token' | 'csrf' | 'form';
