import { join } from 'node:path';
import { type ClaimedRequest, claimCommand } from '../../intake/claim.ts';
import { reclaim } from '../../intake/reclaim.ts';
import { asWaybillError, errorBody, WaybillError } from '../../order/error.ts';
import type { CommandFile } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { assertLegal, isLegal, type Transition } from '../../order/transition.ts';
import { now } from '../../platform/clock.ts';
import { exists, namesIn, readIfThere, removeDurable, syncDir, writeDurable } from '../../platform/durable.ts';
import { fs } from '../../platform/fs.ts';
import { newUlid } from '../../platform/ids.ts';
import { conform } from '../../platform/schema.ts';
import { userName } from '../../platform/user.ts';
import { assertWholeRequest, REQUEST_FOLDER } from '../../record/evidence.ts';
import { decideOrder, distrust } from '../approvals/decide.ts';
import type { Sender } from '../approvals/proof.ts';
import { cancelOrder } from '../finish.ts';
import { letGoOfWork } from '../isolation/keep-work.ts';
import { cleanAll } from '../isolation/tidy.ts';
import { pruneKeeps } from '../keep.ts';
import { lookAnew } from '../missions/agents.ts';
import { hasAgents } from '../missions/agents-there.ts';
import { purge } from '../purge.ts';
import { released } from '../release.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Command files: how the command line changes things. Each is turned into ledger records and removed; one that cannot be carried out
 * leaves an answer `<ulid>.refused.json` for whoever asked. While intake waits (`mayDrop` false) drops stay where they are.
 */
export async function takeCommands(rt: Runtime, mayDrop: boolean): Promise<string[]> {
  const folder = rt.station.layout.commands;
  const claims: string[] = [];
  for (const name of namesIn(folder)
    .filter((n) => /^[0-9A-Z]{26}\.json$/.test(n))
    .sort()) {
    const path = join(folder, name);
    try {
      const command: CommandFile = conform(
        'command-file',
        JSON.parse(readIfThere(path)?.toString('utf8') ?? ''),
        'UNKNOWN_COMMAND',
      );
      if (command.command === 'drop') {
        if (!mayDrop) continue;
        claims.push(claimCommand(path, rt.station.layout.claimed));
        continue;
      }
      if (command.command === 'backup') {
        // it takes its time beside the loop, and whoever carries it out answers
        rt.askBackup(path, command.to);
        continue;
      }
      // anybody can set the time of writing back; that of the change is the kernel's
      const { uid, mtimeMs, ctimeMs } = fs.statSync(path);
      const where = 'via' in command && command.via === 'browser' ? 'in a browser' : 'on the command line';
      const by = `${userName(uid) ?? 'unknown'} ${where}`;
      await carryOut(rt, command, { uid, writtenAt: Math.max(mtimeMs, ctimeMs) }, by);
    } catch (thrown) {
      const error =
        thrown instanceof SyntaxError
          ? new WaybillError('UNKNOWN_COMMAND', `${name} is no JSON`)
          : asWaybillError(thrown);
      // What the station itself cannot do is no answer to whoever asked; the command waits for the next start.
      if (error.code === 'LOCK_LOST' || error.code === 'IO_ERROR') throw error;
      rt.log.warn({ command: name, code: error.code }, error.message);
      writeDurable(
        path.replace(/\.json$/, '.refused.json'),
        `${JSON.stringify({ v: 1, ...errorBody(error, now()) })}\n`,
      );
    }
    removeDurable(path);
  }
  if (claims.length > 0) syncDir(rt.station.layout.claimed);
  return claims;
}

type StandingCommand = Exclude<CommandFile, { command: 'drop' | 'backup' }>;

async function carryOut(rt: Runtime, command: StandingCommand, sender: Sender, by: string): Promise<void> {
  if (command.command === 'distrust') return distrust(rt, command, by);
  if (command.command === 'purge') return purge(rt, command.wo_id, by, command.reason ?? '');
  if (command.command === 'prune_keeps') return pruneKeeps(rt, command.names, by);
  if (command.command === 'clean_worktrees') return void (await cleanAll(rt));
  const life = await rt.find(command.wo_id);
  if (life === null) throw new WaybillError('UNKNOWN_ORDER', `no order ${command.wo_id} is known`);
  if (command.command === 'decide') return decideOrder(rt, life, command, sender);
  const who = command.reason === undefined ? by : `${by}: ${command.reason}`;
  switch (command.command) {
    case 'hold':
      allow(life, 'held', 'parked');
      rt.record([
        {
          event: 'held',
          woId: life.woId,
          attempt: life.attempt,
          from: life.status,
          to: 'parked',
          data: { by, reason: `held by ${who}` },
        },
      ]);
      return;
    case 'release':
      allow(life, 'released', 'ready');
      if (life.waitingFor === 'agent' && !hasAgents(rt))
        throw new WaybillError(
          'ILLEGAL_TRANSITION',
          `${life.woId} waits for an agent: ${life.why ?? 'none is configured'}`,
          {
            hint: 'Releasing it gives it none. `waybill agents init` writes agents/; or cancel it, or drop it with files or actions of its own.',
          },
        );
      if (life.waitingFor === 'agent') lookAnew(rt);
      rt.record([released(life, `released by ${who}`)]);
      return;
    case 'retry':
      return retry(rt, life, who);
    case 'cancel':
      return cancel(rt, life, who);
  }
}

/** Throws ILLEGAL_TRANSITION for an order of any age, before anything is done. */
function allow(life: OrderLife, event: Transition, to: OrderLife['status']): void {
  assertLegal(life.woId, event, life.status, to, life.waitingFor);
}

/** The request may be in the journal only, by now: it lies claimed again, durably, before the order is ready again. */
async function retry(rt: Runtime, life: OrderLife, by: string): Promise<void> {
  if (!isLegal('retried', life.status, 'ready', life.waitingFor) || life.admitted === null) {
    throw new WaybillError(
      'ILLEGAL_TRANSITION',
      `${life.woId} is ${life.status}: only failed and cancelled orders can be retried`,
    );
  }
  if (life.purgedAttempts >= life.attempt)
    throw new WaybillError('ILLEGAL_TRANSITION', `${life.woId} was purged: its request is gone`, {
      hint: 'Drop it again.',
    });
  let { claim } = life.admitted;
  if (!exists(join(rt.station.layout.claimed, claim))) {
    claim = newUlid();
    const { lane, file } = life.admitted;
    reclaim(rt.station.layout.claimed, rt.station.layout.tmp, { claim, lane, file, ...(await requestOf(rt, life)) });
  }
  rt.orders.recall(life);
  rt.record([
    {
      event: 'retried',
      woId: life.woId,
      attempt: life.attempt + 1,
      from: life.status,
      to: 'ready',
      data: { by, claim },
    },
  ]);
}

async function requestOf(
  rt: Runtime,
  life: OrderLife,
): Promise<Pick<ClaimedRequest, 'bytes' | 'orderFile' | 'attachments'>> {
  const orderFile = life.admitted?.request.order_file ?? null;
  for (let attempt = life.attempt; attempt >= 1; attempt--) {
    const files = await rt.journal.evidence(life, attempt);
    const file = files.find((f) => f.path === life.admitted?.request.name);
    if (file === undefined) continue;
    assertWholeRequest(life.woId, files);
    const below = files.filter((f) => f.path.startsWith(`${REQUEST_FOLDER}/`));
    const attachments = below.map(({ path, bytes }) => ({ path: path.slice(REQUEST_FOLDER.length + 1), bytes }));
    return { bytes: file.bytes, orderFile, attachments: orderFile === null ? null : attachments };
  }
  throw new WaybillError('UNKNOWN_ORDER', `the request of ${life.woId} is not in the journal`);
}

async function cancel(rt: Runtime, life: OrderLife, by: string): Promise<void> {
  const running = rt.running.get(life.woId);
  if (life.status === 'running' && running !== undefined) {
    // Its runner ends the processes, restores the files and records the end.
    running.abort.abort(by);
    return;
  }
  if (life.status === 'running' || !isLegal('cancelled', life.status, 'cancelled', life.waitingFor)) {
    throw new WaybillError('ILLEGAL_TRANSITION', `${life.woId} is ${life.status} and cannot be cancelled`);
  }
  const unrestored = await letGoOfWork(rt, life, `cancelled by ${by} before it landed`);
  cancelOrder(rt, rt.life(life.woId), by, new WaybillError('CANCELLED', `cancelled by ${by}`), {
    job: null,
    unrestored,
  });
}
