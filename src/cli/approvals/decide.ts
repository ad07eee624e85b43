import { type Decision, decisionText, SIGNATURE_NAMESPACE } from '../../order/approval.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { DecideCommand } from '../../order/generated.ts';
import type { Status } from '../../order/transition.ts';
import { answered } from '../../pipeline/commands/answered.ts';
import { decideCommand } from '../../pipeline/commands/decide-command.ts';
import { sendCommand } from '../../pipeline/commands/send-command.ts';
import { readIfThere } from '../../platform/durable.ts';
import { runTool } from '../../platform/process.ts';
import { startTimeOf, whoseChild } from '../../platform/processes.ts';
import { askLine, terminalName } from '../../platform/terminal.ts';
import { expandHome } from '../../platform/user.ts';
import type { Station } from '../../station/station.ts';
import { statusAfter } from '../../views/after-decision.ts';
import { type Request, requestOf, waitingForApproval } from '../../views/approvals.ts';
import { runningStation } from '../../views/order-state.ts';
import { colouredStatus, fail, note, print, printJson, usage } from '../output.ts';
import { HOW_TO_START, stationOf } from '../station.ts';
import { printReview } from './review.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** How long a running station may take to answer. */
const ANSWER_MS = 10_000;

/** What came of one decision. */
interface Outcome {
  readonly wo_id: string;
  readonly decision: 'approve' | 'deny' | 'skipped';
  readonly taken: boolean;
  readonly status: string;
}

/** approve and deny: shows each order whole, has somebody decide who can show that he is a person, and says what came of it. */
export async function decide(decision: 'approve' | 'deny', ids: readonly string[], options: Options): Promise<void> {
  const station = await stationOf(options);
  const wanted = options['all'] === true ? waitingForApproval(station).map(({ state }) => state.wo_id) : ids;
  if (wanted.length === 0) {
    if (options['all'] === true)
      return options.json ? printJson({ ok: true, decisions: [] }) : print('Nothing waits for you.');
    throw usage('name an order, or --all');
  }
  if (decision === 'deny' && typeof options['reason'] !== 'string')
    throw usage('deny takes --reason: it is the answer to whoever asked');
  const outcomes: Outcome[] = [];
  let failed = false;
  for (const id of wanted) {
    try {
      const outcome = await decideOne(station, decision, id, options);
      if (outcome === null) break;
      outcomes.push(outcome);
      if (!options.json) tell(outcome, station);
    } catch (thrown) {
      // one that cannot be decided never keeps a batch from the others
      if (wanted.length === 1) throw thrown;
      failed = true;
      const error = asWaybillError(thrown);
      if (options.json) outcomes.push({ wo_id: id, decision: 'skipped', taken: false, status: error.code });
      else fail(error, false);
    }
  }
  if (options.json) printJson({ ok: !failed, decisions: outcomes });
}

function tell({ wo_id: woId, decision, taken, status }: Outcome, station: Station): void {
  const done = decision === 'approve' ? 'approved' : 'denied';
  if (decision === 'skipped') print(`${woId}: skipped`);
  else if (taken) print(`${woId}: ${done}, ${colouredStatus(status as Status)}`);
  else {
    print(`${decision} of ${woId} is waiting for the station.`);
    if (runningStation(station) === null) note(HOW_TO_START);
  }
}

/** Null where whoever decides wants to end it here. */
async function decideOne(
  station: Station,
  wish: 'approve' | 'deny',
  id: string,
  options: Options,
): Promise<Outcome | null> {
  const request = await requestOf(station, id);
  const { state, asked } = request;
  const isSigned = options['key'] !== undefined || options['signature'] !== undefined;
  const tty = terminalName();
  if (!isSigned) {
    assertPerson(tty, state.wo_id);
    assertEnough(wish, request);
  }
  if (!options.json) printReview(request);
  let decision: 'approve' | 'deny' | null = wish;
  let reason = typeof options['reason'] === 'string' ? options['reason'] : '';
  if (tty !== null && !(isSigned && options['yes'] === true)) {
    const choice = await choose(wish, state.wo_id);
    if (choice === 'quit') return null;
    if (choice === 'skip') return { wo_id: state.wo_id, decision: 'skipped', taken: false, status: state.status };
    if (choice === 'deny' && wish === 'approve') {
      decision = 'deny';
      reason = (await askLine('Why? ')) ?? '';
    }
  }
  const full: Decision = {
    station: station.id,
    woId: state.wo_id,
    ask: asked.ask,
    sha256: asked.sha256,
    decision,
    always: decision === 'approve' && options['always'] === true,
    reason,
  };
  const proof = isSigned ? await signature(full, options) : terminalProof(tty ?? '');
  const path = sendCommand(station, decideCommand(full, proof));
  const taken = runningStation(station) !== null && (await answered(path, ANSWER_MS));
  return { wo_id: state.wo_id, decision, taken, status: taken ? await statusAfter(station, full) : state.status };
}

/** Throws APPROVAL_REFUSED where no person can be at the other end, as far as that can be told. The station asks the same again. */
function assertPerson(tty: string | null, woId: string): void {
  const hint = `At a terminal: \`waybill approve ${woId}\`. Elsewhere sign it: \`waybill approve ${woId} --key FILE\`.`;
  if (tty === null) throw new WaybillError('APPROVAL_REFUSED', 'nobody decides here: this is no terminal', { hint });
  const whose = whoseChild(process.pid, startTimeOf(process.pid));
  if (whose !== null && whose !== 'gone')
    throw new WaybillError('APPROVAL_REFUSED', `nobody decides here: this was started by ${whose}`, { hint });
}

/** What needs a key is told before anybody reads and answers. */
function assertEnough(wish: 'approve' | 'deny', { state, asked }: Request): void {
  if (wish === 'deny' || asked.proof !== 'ssh') return;
  throw new WaybillError('APPROVAL_REFUSED', `${state.wo_id} needs a signature by ssh, and this came from a terminal`, {
    hint: `Look at it: \`waybill approvals ${state.wo_id}\`. Then sign it: \`waybill approve ${state.wo_id} --key FILE\`.`,
  });
}

async function choose(wish: 'approve' | 'deny', woId: string): Promise<'go' | 'deny' | 'skip' | 'quit'> {
  const question =
    wish === 'approve' ? `Approve ${woId}? [y]es, [d]eny, [s]kip, [q]uit: ` : `Deny ${woId}? [y]es, [s]kip, [q]uit: `;
  for (;;) {
    const answer = (await askLine(question))?.trim().toLowerCase();
    if (answer === undefined || answer === 'q' || answer === 'quit') return 'quit';
    if (answer === 'y' || answer === 'yes') return 'go';
    if (answer === 's' || answer === 'skip' || answer === 'n' || answer === 'no') return 'skip';
    if (wish === 'approve' && (answer === 'd' || answer === 'deny')) return 'deny';
  }
}

function terminalProof(tty: string): DecideCommand['proof'] {
  return { kind: 'terminal', tty, pid: process.pid, start_time: startTimeOf(process.pid) };
}

async function signature(decision: Decision, options: Options): Promise<DecideCommand['proof']> {
  if (typeof options['signature'] === 'string') {
    const text = readIfThere(expandHome(options['signature']))?.toString('utf8');
    if (text === undefined) throw new WaybillError('NO_INPUT', `${options['signature']} is not there`);
    return { kind: 'ssh', signature: text };
  }
  const key = expandHome(String(options['key']));
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  note(`Signing with ${key}: it may ask for a passphrase or a touch.`);
  const argv = ['ssh-keygen', '-q', '-Y', 'sign', '-n', SIGNATURE_NAMESPACE, '-f', key];
  const signed = await runTool(argv, { cwd: process.cwd(), env, input: decisionText(decision) });
  if (signed.exitCode !== 0)
    throw new WaybillError(
      'APPROVAL_REFUSED',
      `ssh-keygen did not sign: ${signed.stderr.trim() || `exit code ${signed.exitCode}`}`,
      {
        hint: 'Name the private key, or a public key whose private half ssh-agent holds.',
      },
    );
  return { kind: 'ssh', signature: signed.stdout.toString('utf8') };
}
