import { html } from 'hono/html';
import { orderDetails } from '../../../views/order/details.ts';
import { explainOrder } from '../../../views/why.ts';
import { orderActions } from '../../actions/order-actions.ts';
import type { PageOf } from '../../page.ts';
import { shown } from '../../parts/text.ts';
import { runningOf } from './commands.ts';
import { evidenceOf, verifiedOf } from './evidence.ts';
import { headOf } from './head.ts';
import { missionOf } from './mission.ts';
import { rejectionOf } from './rejection.ts';
import { timelineOf } from './timeline.ts';
import { whyOf } from './why.ts';
import { workOf } from './work.ts';

/** One order: where it stands and why, what happened, what it does now, did and left. Throws UNKNOWN_ORDER, LEDGER_BROKEN. */
export const order: PageOf = async (context, { params, query }) => {
  const { station, records } = context;
  const attempt = /^[1-9]\d{0,5}$/.test(query.get('attempt') ?? '') ? Number(query.get('attempt')) : null;
  const details = await orderDetails(station, records, params['id'] ?? '', attempt);
  const { state } = details;
  return {
    title: shown(state.wo_id, 80),
    place: 'orders',
    regions: {
      head: headOf(details),
      actions: orderActions(context, state),
      why: whyOf(await explainOrder(station, state, records.board.alive())),
      running: runningOf(details),
      rejection: rejectionOf(details.rejection),
      mission: missionOf(details.mission),
      work: workOf(details),
      evidence: evidenceOf(details),
      timeline: timelineOf(details.records),
    },
    // not in a region: it is computed when somebody asks, and not each time that something moves
    frame: (
      r,
    ) => html`${r['head']}${r['actions']}${query.has('verify') ? verifiedOf(station, records, details) : ''}${r['why']}${r['running']}${r['rejection']}
<div class="order">${r['timeline']}<div>${r['mission']}${r['work']}${r['evidence']}</div></div>`,
  };
};
