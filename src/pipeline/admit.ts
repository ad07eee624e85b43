import { join } from 'node:path';
import { type ClaimedRequest, MADE_ORDER, readClaim, requestHash } from '../intake/claim.ts';
import { type ReadOrder, readOrder } from '../intake/read-order.ts';
import { ruleFor } from '../intake/scan.ts';
import { keepMadeOrder, madeOrder } from '../intake/take.ts';
import { asWaybillError, errorBody, WaybillError } from '../order/error.ts';
import type { AdmittedData, FirstWait, RejectedData } from '../order/event.ts';
import type { OrderLife } from '../order/life.ts';
import { isPure, type Order } from '../order/order.ts';
import { secretsIn, secretWarnings } from '../order/secrets/carried.ts';
import { isTerminal, type Status } from '../order/transition.ts';
import { now, pause } from '../platform/clock.ts';
import { ensureDir, moveDurable, removeTree } from '../platform/durable.ts';
import { errno } from '../platform/fs.ts';
import { newTraceId } from '../platform/ids.ts';
import { agentWait, findCycle, type Known, type Wait, waitOf } from '../queue/waits.ts';
import type { Draft } from '../record/ledger.ts';
import { shortName } from '../record/result.ts';
import { redactorOf } from '../station/redactor.ts';
import { fact } from './fact.ts';
import { flushJournal } from './flush.ts';
import { expectedNotes } from './isolation/expected-files.ts';
import { hasAgents, isAgentless } from './missions/agents-there.ts';
import { quarantine } from './quarantine.ts';
import type { Runtime } from './runtime.ts';

/** Step 2 of "One order's life": read a claim once, and admit or reject it. */

/** How often a claim that cannot be read is tried, and the time between. */
const MOST_TRIES = 3;
const PAUSE_MS = 100;
/** Faults that say nothing of the file. */
const OF_THE_MACHINE = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'];

/** Reads claims once and puts them on record; the ledger is synced when this returns. */
export async function admitClaims(rt: Runtime, claims: readonly string[]): Promise<void> {
  let drafts: Draft[] = [];
  /** What each order of the batch depends on: it stands on no record yet. */
  const inBatch = new Map<string, readonly string[]>();
  const commit = () => {
    const records = rt.record(drafts);
    for (const record of records)
      if (record.event === 'rejected') rt.show(record.data.file, () => quarantine(rt, record.data), record.seq);
    if (records.length > 0)
      rt.step(
        'life 2: admitted',
        records.map((r) => r.wo_id ?? ''),
      );
    drafts = [];
    inBatch.clear();
  };
  for (const claim of claims) {
    const claimedRequest = await readClaimSafely(rt, claim);
    if (claimedRequest === null) continue;
    const { request, read } = readRequest(rt, claimedRequest);
    const [size, hash] = [sizeOf(request), requestHash(request)];
    rt.bytesSinceFlush += size;
    rt.taken.set(claim, hash);
    if ('order' in read) rt.read.note({ request, sha256: hash, size, read });
    const id = 'order' in read ? read.order.woId : read.declaredId;
    if (id !== null && inBatch.has(id.toLowerCase())) commit();
    const known = id === null ? null : await rt.find(id);
    // The old request must be safe in the journal before a new one takes its place.
    if (known !== null && isTerminal(known.status)) {
      commit();
      if (!(await flushJournal(rt))) {
        rt.deferredClaims.push(claim);
        continue;
      }
    }
    const statuses = 'order' in read ? await statusesOf(rt, read.order.dependsOn) : UNKNOWN;
    const decided = decide(rt, request, read, known, { statuses, inBatch });
    drafts.push(...decided);
    const depends = decided.find((d) => d.event === 'admitted' || d.event === 'revised')?.data.depends_on;
    if (id !== null) inBatch.set(id.toLowerCase(), depends ?? known?.admitted?.depends_on ?? []);
  }
  commit();
}

/** Bytes of all its files. */
function sizeOf({ bytes, attachments }: ClaimedRequest): number {
  return (attachments ?? []).reduce((sum, a) => sum + a.bytes.length, bytes.length);
}

/** The order in a claim; for a file that a rule of its lane names, the order that the rule makes of it, from now on kept beside it. */
function readRequest(
  rt: Runtime,
  request: ClaimedRequest,
): { request: ClaimedRequest; read: ReturnType<typeof readOrder> } {
  const { intake, lanes } = rt.station.settings;
  const rule =
    request.attachments === null && request.requester.via === 'inbox'
      ? ruleFor(lanes[request.lane]?.take ?? [], request.file)
      : null;
  if (rule?.order === undefined) return { request, read: readOrder(request, intake) };
  try {
    const order = madeOrder(rule, request.file, request.bytes, request.lane);
    const made = {
      ...request,
      bytes: order,
      orderFile: MADE_ORDER,
      attachments: [{ path: request.file, bytes: request.bytes }],
    };
    const read = readOrder(made, intake);
    if ('error' in read) return { request, read };
    keepMadeOrder(rt.station.layout.claimed, request.claim, request.lane, order);
    return { request: made, read };
  } catch (thrown) {
    return {
      request,
      read: { error: asWaybillError(thrown).at({ file: request.file }), declaredId: null, title: null },
    };
  }
}

/** Tried again, because it could be read when it was claimed. Throws the last fault. */
async function readClaimAgain(rt: Runtime, claim: string): Promise<ClaimedRequest | null> {
  for (let tries = 1; ; tries++) {
    try {
      return readClaim(rt.station.layout.claimed, claim);
    } catch (error) {
      const isFault = errno(error) !== undefined && !(error instanceof WaybillError);
      if (!isFault || tries === MOST_TRIES) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/**
 * A claim that cannot be read is rejected like any other bad input; its folder keeps what lies in it (rule 10). Throws where the machine
 * cannot read anything now: the station stops, and the claim stays for its next start.
 */
async function readClaimSafely(rt: Runtime, claim: string): Promise<ClaimedRequest | null> {
  try {
    const request = await readClaimAgain(rt, claim);
    if (request === null) removeTree(join(rt.station.layout.claimed, claim));
    return request;
  } catch (thrown) {
    if (OF_THE_MACHINE.includes(errno(thrown) ?? '')) throw thrown;
    const error = asWaybillError(thrown);
    const at = now();
    const requester = {
      uid: -1,
      user: null,
      lane: rt.station.settings.defaultLane,
      via: 'inbox' as const,
      declared_by: null,
    };
    const data: RejectedData = {
      claim,
      file: claim,
      lane: requester.lane,
      requester,
      trace_id: newTraceId(),
      received_at: at,
      request: null,
      declared_id: null,
      title: null,
      quarantine: null,
      error: errorBody(
        new WaybillError('UNCLAIMABLE', `what was claimed as ${claim} cannot be read: ${error.message}`, {
          hint: `\`waybill keep show claim-${claim}\` tells what it holds, \`waybill keep restore claim-${claim}\` brings it back: then drop it again.`,
        }),
        at,
      ),
    };
    rt.record([{ event: 'rejected', woId: null, attempt: 0, from: null, to: 'rejected', data }]);
    const kept = join(rt.station.layout.live, 'unreadable');
    ensureDir(kept);
    moveDurable(join(rt.station.layout.claimed, claim), join(kept, claim));
    return null;
  }
}

/** What a decision asks of other orders: the statuses of those it depends on, and who depends on whom in the batch at hand. */
interface Others {
  readonly statuses: Known;
  readonly inBatch: ReadonlyMap<string, readonly string[]>;
}

/** What becomes of one claim: a new order, an answer again, a new attempt, a revision, or a rejection. */
function decide(
  rt: Runtime,
  request: ClaimedRequest,
  read: ReturnType<typeof readOrder>,
  known: OrderLife | null,
  others: Others,
): Draft[] {
  if ('error' in read) return [rejected(rt, request, read.error, read, known)];
  const hash = requestHash(request);
  if (known !== null) {
    const sameBytes = (known.admitted ?? known.rejected)?.request?.sha256 === hash && known.woId === read.order.woId;
    // a job is its content, however it is written, and whoever hands it in
    const same = sameBytes || (read.job !== null && known.admitted?.job?.sha256 === read.job.sha256);
    // After EFFECT_UNVERIFIED only a person may say that it runs again: the same file may have been dropped before anybody knew (rule 4).
    // what was purged is taken as new: its words are gone, and only the drop has them
    const purged = known.purgedAttempts >= known.attempt;
    if (sameBytes && !purged && known.lastError?.code !== 'EFFECT_UNVERIFIED' && isFailed(known.status)) {
      rt.orders.recall(known);
      return [
        {
          event: 'retried',
          woId: known.woId,
          attempt: known.attempt + 1,
          from: known.status,
          to: 'ready',
          data: { by: `dropped again in ${request.lane}`, claim: request.claim },
        },
      ];
    }
    // written otherwise, it cannot be tried again from the bytes on record: then it is a revision
    const again = sameBytes || known.lastError?.code === 'EFFECT_UNVERIFIED' || !isFailed(known.status);
    if (same && again && !(purged && known.status !== 'done')) return [answeredAgain(rt, request, known)];
    if (known.status !== 'failed' && known.status !== 'rejected' && known.status !== 'cancelled') {
      const error = new WaybillError(
        'DUPLICATE_ID',
        `${read.order.woId} exists already (${known.status}) with other content`,
        { place: { file: request.file } },
      );
      return [rejected(rt, request, error, { declaredId: read.order.woId, title: read.order.title }, known)];
    }
  }
  try {
    return [admitted(rt, request, read, hash, known, others)];
  } catch (thrown) {
    return [
      rejected(
        rt,
        request,
        asWaybillError(thrown).at({ file: request.file }),
        { declaredId: read.order.woId, title: read.order.title },
        known,
      ),
    ];
  }
}

function isFailed(status: Status): boolean {
  return status === 'failed' || status === 'cancelled';
}

/** The same bytes under the same id: on record, and the result stands, also in the lane of this drop. The extra copy goes with the next flush. */
function answeredAgain(rt: Runtime, request: ClaimedRequest, known: OrderLife): Draft {
  rt.orders.recall(known);
  const { claim, file, lane, requester } = request;
  return fact(known, 'repeated', { claim, file, lane, requester });
}

function admitted(
  rt: Runtime,
  request: ClaimedRequest,
  { order, warnings, job }: ReadOrder,
  hash: string,
  known: OrderLife | null,
  { statuses, inBatch }: Others,
): Draft {
  const cycle = findCycle(
    order.woId,
    order.dependsOn,
    (id) => inBatch.get(id.toLowerCase()) ?? rt.orders.get(id)?.admitted?.depends_on ?? [],
  );
  if (cycle !== null) throw new WaybillError('DEPENDENCY_CYCLE', `depends on itself: ${cycle.join(' -> ')}`);
  const expected = job === null ? [] : expectedNotes(rt.station, order);
  const received = now();
  const approval =
    order.approval === null || order.dryRun || request.dryRun
      ? {}
      : {
          approval: {
            by: [...order.approval.by],
            why: order.approval.why,
            ...(order.approval.expires === null ? {} : { expires: order.approval.expires }),
          },
        };
  const secrets = secretsIn(redactorOf(rt.station.settings), request, order);
  const needsAgents = order.mission !== null && !isAgentless(rt, order.mission);
  const agents = needsAgents ? { agents: [...(order.mission?.agents ?? [])] } : {};
  const wait =
    firstWait(rt, order, received, statuses) ?? agentWait(agents.agents ?? null, () => hasAgents(rt), Date.now());
  const data: AdmittedData & FirstWait = {
    claim: request.claim,
    file: request.file,
    lane: request.lane,
    requester: { ...request.requester, declared_by: order.declaredBy },
    trace_id: newTraceId(),
    received_at: received,
    request: {
      name: `request.${/\.json$/i.test(request.orderFile ?? request.file) ? 'json' : 'yaml'}`,
      sha256: hash,
      size: sizeOf(request),
      ...(request.orderFile === null ? {} : { order_file: request.orderFile }),
    },
    title: order.title,
    summary: order.summary.slice(0, 1000),
    type: order.type,
    owner: order.owner,
    priority: order.priority,
    created_at: order.createdAt,
    tags: [...order.tags],
    depends_on: [...order.dependsOn],
    not_before: order.notBefore,
    hold: order.hold,
    retries: order.retries,
    dry_run: order.dryRun || request.dryRun,
    works: !isPure(order),
    warnings: [...warnings, ...expected, ...secretWarnings(secrets)],
    ...(secrets.length === 0 ? {} : { secrets }),
    ...approval,
    ...agents,
    ...(job === null ? {} : { job }),
    waiting_for: wait?.waitingFor ?? null,
    until: wait?.until ?? null,
    why: wait?.why ?? null,
  };
  const to = wait === null ? 'ready' : 'parked';
  if (known !== null) {
    rt.orders.recall(known);
    return { event: 'revised', woId: known.woId, attempt: known.attempt + 1, from: known.status, to, data };
  }
  return { event: 'admitted', woId: order.woId, attempt: 1, from: null, to, data };
}

/** A dependency that already failed parks the order for the moment; the tracker of waits then fails it with the reason. */
function firstWait(rt: Runtime, order: Order, received: string, statuses: Known): Wait | null {
  try {
    return waitOf(
      { hold: order.hold, notBefore: order.notBefore, dependsOn: order.dependsOn },
      received,
      received,
      rt.station.settings.dependencyDeadlineHours,
      statuses,
    );
  } catch {
    return { waitingFor: 'dependency', until: received, why: 'a dependency failed' };
  }
}

const UNKNOWN: Known = () => 'unknown';

/** The statuses of orders of any age, looked up before a decision that needs them at once. */
export async function statusesOf(rt: Runtime, woIds: readonly string[]): Promise<Known> {
  const found = new Map<string, Status>();
  for (const woId of woIds) {
    const life = await rt.find(woId);
    if (life !== null) found.set(woId, life.status);
  }
  return (woId) => found.get(woId) ?? 'unknown';
}

function rejected(
  rt: Runtime,
  request: ClaimedRequest,
  error: WaybillError,
  about: { declaredId: string | null; title: string | null },
  known: OrderLife | null,
): Draft {
  const at = now();
  const secrets = secretsIn(redactorOf(rt.station.settings), request, null);
  const data: RejectedData = {
    claim: request.claim,
    file: request.file,
    lane: request.lane,
    requester: request.requester,
    trace_id: newTraceId(),
    received_at: at,
    request: { name: request.file, sha256: requestHash(request), size: sizeOf(request) },
    declared_id: about.declaredId,
    title: about.title,
    quarantine: `${rt.station.settings.paths.quarantine}/${request.lane}/${request.claim}-${shortName(request.file)}`,
    error: errorBody(error, at),
    ...(secrets.length === 0 ? {} : { secrets }),
  };
  // An id that belongs to another order stays that order's: the rejection is nobody's transition.
  const woId = known === null ? about.declaredId : null;
  return { event: 'rejected', woId, attempt: 0, from: null, to: 'rejected', data };
}
