import { isAbsolute, join } from 'node:path';
import { blobBytes, namesBelow } from '../../git/history.ts';
import type { Finding } from '../../guardrail/finding.ts';
import type { LastWrite, Seen } from '../../guardrail/seen.ts';
import { sha256 } from '../../order/canonical-json.ts';
import { asWaybillError } from '../../order/error.ts';
import type { GuardrailFault, GuardrailRepair, RestoreEntry, StateDocument } from '../../order/generated.ts';
import { isTerminal } from '../../order/transition.ts';
import { now } from '../../platform/clock.ts';
import { readIfThere } from '../../platform/durable.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import { newUlid } from '../../platform/ids.ts';
import { readTarget } from '../../platform/target.ts';
import type { Station } from '../../station/station.ts';
import { sendCommand } from '../commands/send-command.ts';

/** What tells an order of the guardrail from others, in `ls` and in `git log`. */
const REPAIR_ID = 'WO-REPAIR-';
const REPAIR_TAG = 'waybill-repair';

/** A folder with more files than this is a person's to bring back. */
const MOST_FILES = 1000;
/** A repair that has not ended after this long is tried once more, as long as a station runs. */
const PENDING_MS = 600_000;
const DAY_MS = 86_400_000;

/** What would bring a component back, or why nothing does. */
export type Mending =
  | { readonly can: true; readonly how: string; readonly actions: readonly RestoreEntry[] }
  | { readonly can: false; readonly why: string };

/** Faults that a repair may end: in all others somebody may be at work, or there is nothing to put back. */
const MENDABLE: readonly Finding['kind'][] = ['missing', 'truncated', 'not_executable'];

/**
 * What would bring back a component that is missing, cut off or has lost its mode: what HEAD has, else what was recorded, else what the last
 * order wrote there. Nothing is brought back that a commit took away, or that is away because another branch is checked out. Changes nothing.
 * Where it would only be told (`repair: report`) a content that HEAD has is not read: there is no action then.
 */
export async function mendingOf(
  station: Station,
  found: Pick<Finding, 'kind' | 'path' | 'repair'>,
  seen: Seen,
  lastWrite: LastWrite,
): Promise<Mending> {
  const { path } = found;
  if (path === null || !MENDABLE.includes(found.kind))
    return { can: false, why: 'only what is missing, cut off or has lost its mode is repaired' };
  try {
    const entry = seen.entry(path);
    if (entry !== undefined && found.repair === 'report')
      return entry.mode !== '100755' && found.kind === 'not_executable'
        ? { can: false, why: NOT_EXECUTABLE }
        : { can: true, how: 'from HEAD', actions: [] };
    const below = entry !== undefined ? null : await filesInHead(station, path, seen);
    if (below === null) return await mendFile(station, path, found.kind, seen, lastWrite);
    const missing = below.filter((file) => lstatIfThere(join(station.layout.root, file)) === undefined);
    if (missing.length === 0) return { can: false, why: 'HEAD has no file in it' };
    if (missing.length > MOST_FILES) return { can: false, why: `${missing.length} files are missing in it` };
    await seen.lookAtHead(missing);
    const actions: RestoreEntry[] = [];
    for (const file of missing) {
      const mending = await mendFile(station, file, 'missing', seen, lastWrite);
      if (mending.can) actions.push(...mending.actions);
    }
    return { can: true, how: `${actions.length} ${actions.length === 1 ? 'file' : 'files'} from HEAD`, actions };
  } catch (thrown) {
    return { can: false, why: asWaybillError(thrown).message };
  }
}

const NOT_EXECUTABLE = 'it is not executable in HEAD either';

/** The files that HEAD has below a folder; null where the path is none there. */
async function filesInHead({ repo }: Station, path: string, seen: Seen): Promise<string[] | null> {
  if (isAbsolute(path) || seen.head === null) return null;
  const files = await namesBelow(repo.git, seen.head, path);
  return files.length === 0 ? null : files;
}

async function mendFile(
  station: Station,
  path: string,
  kind: Finding['kind'],
  seen: Seen,
  lastWrite: LastWrite,
): Promise<Mending> {
  const { git } = station.repo;
  const there = readTarget(isAbsolute(path) ? path : join(station.layout.root, path));
  if (there.kind === 'other') return { can: false, why: `there stands ${there.what}` };
  const found = there.kind === 'nothing' ? null : sha256(there.content.bytes);
  const known = seen.get(path);
  const entry = seen.entry(path);
  const mended = (bytes: Buffer, executable: boolean, how: string): Mending => {
    const mode = executable ? '0755' : '0644';
    const action = {
      action: 'restore' as const,
      path,
      mode: mode as '0755' | '0644',
      content: bytes.toString('base64'),
      encoding: 'base64' as const,
      found,
    };
    return { can: true, how, actions: [action] };
  };
  if (entry !== undefined) {
    const bytes = await seen.recordedBytes(path);
    if (bytes === null) return { can: false, why: 'its content in HEAD cannot be read' };
    // a mode that git does not have is nobody's to give: the next commit would not have it either
    if (kind === 'not_executable' && entry.mode !== '100755') return { can: false, why: NOT_EXECUTABLE };
    return mended(bytes, entry.mode === '100755', 'from HEAD');
  }
  if (known?.entry != null) {
    if (known.commit !== null && (await seen.isChangedByCommit(path, known.commit)))
      return { can: false, why: 'a commit took it away' };
    if (known.ref !== undefined && known.ref !== seen.ref)
      return { can: false, why: `${seen.ref ?? 'a detached HEAD'} is checked out, which does not have it` };
  }
  if (kind === 'not_executable' && there.kind === 'file') return mended(there.content.bytes, true, 'its mode');
  const recorded = known === undefined ? null : await blobBytes(git, known.blob);
  if (recorded !== null) return mended(recorded, known?.executable === true, 'as it was recorded');
  // reads the ledger from its end
  const written = lastWrite(path, '');
  const bytes = written === null ? null : await blobBytes(git, written.blob);
  return written !== null && bytes !== null
    ? mended(bytes, written.executable, 'from the last order that wrote it')
    : { can: false, why: 'nobody has its content' };
}

/** Hands in the order that brings a component back, like anyone else. Returns what is remembered of it. */
export function dropRepair(
  station: Station,
  component: string,
  found: Finding,
  actions: readonly RestoreEntry[],
): GuardrailRepair {
  const woId = `${REPAIR_ID}${newUlid()}`;
  const at = now();
  const why = `${component} ${found.message}`;
  const asks = found.repair === 'ask';
  const order = {
    wo_id: woId,
    title: `Repair ${component}`.slice(0, 200),
    summary: `${why}: the guardrail brings it back`,
    priority: 'P0',
    owner: 'guardrail',
    tags: [REPAIR_TAG],
    ...(asks ? { approval: { why: `the guardrail may bring it back: ${why}`.slice(0, 1000) } } : {}),
    actions,
  };
  const content = Buffer.from(`${JSON.stringify(order, null, 2)}\n`).toString('base64');
  sendCommand(station, {
    v: 1,
    command: 'drop',
    at,
    lane: station.settings.defaultLane,
    file: `${woId}.json`,
    content,
  });
  return { wo_id: woId, component, at, kind: found.kind, ...(asks ? { asks } : {}) };
}

/** Ends a repair that still asks, because what it is about is there again. */
export function withdrawRepair(station: Station, { wo_id, component }: GuardrailRepair): void {
  const reason = `${component} is in order again`;
  sendCommand(station, { v: 1, command: 'cancel', at: now(), wo_id, reason });
}

/** How a repair stands: it ended, it is under way or waits (for a person or a rebase, say), a person said no, or no station ever took it. */
export function repairState(
  station: Station,
  repair: GuardrailRepair,
  isRunning: boolean,
): StateDocument['status'] | 'pending' | 'denied' | 'lost' {
  // state files go with the time; this stays
  if (repair.denied === true) return 'denied';
  const text = readIfThere(join(station.layout.state, `${repair.wo_id}.json`))?.toString('utf8');
  const state = text === undefined ? null : (JSON.parse(text) as StateDocument);
  if (state !== null && isTerminal(state.status)) {
    const isNo = state.status === 'cancelled' || state.last_error?.code === 'DENIED';
    return repair.asks === true && isNo ? 'denied' : state.status;
  }
  if (state !== null) return 'pending';
  return isRunning && Date.now() - Date.parse(repair.at) > PENDING_MS ? 'lost' : 'pending';
}

/** Whether a repair counts against what may be repaired in a day. */
export function isOfLastDay(repair: GuardrailRepair, at: string): boolean {
  return Date.parse(at) - Date.parse(repair.at) < DAY_MS;
}

/** Whether a repair was to end this very fault. */
export function isAbout(repair: GuardrailRepair, { component, kind, since }: GuardrailFault): boolean {
  return repair.component === component && repair.kind === kind && repair.at >= since;
}

/** The repairs of the last day, and those that ask or were denied for as long as their fault lasts, with what people said. */
export function rememberedRepairs(
  station: Station,
  faults: readonly GuardrailFault[],
  before: readonly GuardrailRepair[],
  at: string,
  isRunning: boolean,
): GuardrailRepair[] {
  const isDenied = (repair: GuardrailRepair) =>
    repair.asks === true && repairState(station, repair, isRunning) === 'denied';
  const isLasting = (repair: GuardrailRepair) => repair.asks === true && faults.some((fault) => isAbout(repair, fault));
  return before
    .filter((repair) => isOfLastDay(repair, at) || isLasting(repair))
    .map((repair) => (isDenied(repair) ? { ...repair, denied: true } : repair));
}
