import type { Decision } from '../../order/approval.ts';
import { WaybillError } from '../../order/error.ts';
import type { DecideCommand } from '../../order/generated.ts';
import { decideCommand } from '../../pipeline/commands/decide-command.ts';
import { startTimeOf } from '../../platform/processes.ts';
import { statusAfter } from '../../views/after-decision.ts';
import { type Request, requestOf } from '../../views/approvals.ts';
import type { Form } from '../gate/forms.ts';
import type { StartedAt } from '../gate/started-at.ts';
import type { PageContext } from '../page.ts';
import { reviewAgain } from '../pages/approval.ts';
import { orderAddress } from '../parts/order-link.ts';
import type { Outcome } from './outcome.ts';
import { isTaken } from './taken.ts';

const MAX_REASON = 1000;
const MAX_SIGNATURE = 20_000;

/**
 * A yes or a no, given on the page of a review, about exactly what that page showed. Throws APPROVAL_STALE, APPROVAL_REFUSED, UNKNOWN_ORDER; then
 * nothing was decided.
 */
export async function decide({ station, visitor }: PageContext, id: string, form: Form): Promise<Outcome> {
  const request = await requestOf(station, id);
  const { state, asked } = request;
  const [wish, reason, signature] = [form.get('decision'), form.get('reason')?.trim() ?? '', form.get('signature')];
  if (form.get('ask') !== asked.ask || form.get('sha256') !== asked.sha256)
    return { status: 409, page: reviewAgain(request, 'other') };
  if (wish !== 'approve' && wish !== 'deny')
    throw new WaybillError('APPROVAL_REFUSED', 'a decision is approve or deny, and this is neither');
  if (wish === 'deny' ? reason === '' || reason.length > MAX_REASON : reason !== '')
    return { status: 422, page: reviewAgain(request, 'reason') };
  if (signature !== undefined && (signature.trim() === '' || signature.length > MAX_SIGNATURE))
    return { status: 422, page: reviewAgain(request, 'signature') };
  const proof: DecideCommand['proof'] =
    signature === undefined
      ? browserProof(wish, request, visitor.startedAt)
      : { kind: 'ssh', signature: signature.replaceAll('\r\n', '\n') };
  const decision: Decision = {
    station: station.id,
    woId: state.wo_id,
    ask: asked.ask,
    sha256: asked.sha256,
    decision: wish,
    always: wish === 'approve' && form.get('always') === 'yes',
    reason,
  };
  const to = orderAddress(state.wo_id);
  if (!(await isTaken(station, decideCommand(decision, proof)))) return { to, done: 'waiting' };
  await statusAfter(station, decision);
  return { to, done: wish === 'approve' ? 'approved' : 'denied' };
}

/** The proof that a click is. Throws APPROVAL_REFUSED: what the station would refuse is told before anything is sent. */
function browserProof(
  wish: 'approve' | 'deny',
  { state, asked }: Request,
  startedAt: StartedAt,
): Extract<DecideCommand['proof'], { kind: 'browser' }> {
  if (startedAt.tty === null)
    throw new WaybillError('APPROVAL_REFUSED', `nobody decides here. ${startedAt.why}`, {
      hint: `Start it at a terminal: \`waybill dashboard\`. Or sign: \`waybill approve ${state.wo_id} --key FILE\`.`,
    });
  if (wish === 'approve' && asked.proof === 'ssh')
    throw new WaybillError('APPROVAL_REFUSED', `${state.wo_id} needs a signature by ssh, and a click is none`, {
      hint: `Sign it: \`waybill approve ${state.wo_id} --key FILE\`.`,
    });
  return { kind: 'browser', tty: startedAt.tty, pid: process.pid, start_time: startTimeOf(process.pid) };
}
