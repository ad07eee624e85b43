import type { Context, Hono } from 'hono';
import type { Behind } from '../gate/forms.ts';
import type { PageContext, PageOf } from '../page.ts';
import { decide } from './decide.ts';
import { askStation, isAction } from './order-actions.ts';
import type { Outcome } from './outcome.ts';

type Show = (c: Context, draw: PageOf, status: 403 | 409 | 422) => Promise<Response>;

/** The routes that change something; the gate stands before them. */
export function routeActions(app: Hono<Behind>, contextOf: (c: Context) => PageContext, show: Show): void {
  const tell = (c: Context, outcome: Outcome) =>
    'page' in outcome ? show(c, outcome.page, outcome.status) : c.redirect(`${outcome.to}?done=${outcome.done}`, 303);
  app.post('/approvals/:id', async (c) => tell(c, await decide(contextOf(c), c.req.param('id'), c.get('form'))));
  app.post('/orders/:id/:action', async (c) => {
    const { id, action } = c.req.param();
    return isAction(action) ? tell(c, await askStation(contextOf(c), id, action, c.get('form'))) : c.notFound();
  });
}
