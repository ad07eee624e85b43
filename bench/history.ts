/**
 * Gives a station so many finished orders: node history.js ROOT COUNT [FIRST], the first of them with that number. The records, commits, journal, evidence, states and results are
 * those that the station writes, by its own code; only what a drop goes through before it is an order (inbox, claim, landing lock) is left
 * out, and files in the work tree come at the end. Says how far it is, and `done`.
 */
import { execFileSync } from 'node:child_process';
import { blobId } from '../src/git/objects/object-id.ts';
import { moveRefs } from '../src/git/ref-transaction.ts';
import { type ClaimedRequest, requestHash } from '../src/intake/claim.ts';
import { readOrder } from '../src/intake/read-order.ts';
import type { Change, ImageChange } from '../src/order/change.ts';
import type { AdmittedData } from '../src/order/event.ts';
import { planOrder } from '../src/order/plan.ts';
import { type Batch, buildBatch, sealBatch } from '../src/pipeline/build-batch.ts';
import { showEvidence } from '../src/pipeline/finish.ts';
import { flushJournal } from '../src/pipeline/flush.ts';
import type { Job } from '../src/pipeline/job.ts';
import { endDrafts, landingDraft } from '../src/pipeline/land.ts';
import { noteJournal } from '../src/pipeline/restore/journal-guard.ts';
import { endRun } from '../src/pipeline/restore/show-again.ts';
import { Runtime } from '../src/pipeline/runtime.ts';
import { takeUp } from '../src/pipeline/take-up.ts';
import { now } from '../src/platform/clock.ts';
import { newTraceId, newUlid } from '../src/platform/ids.ts';
import { openLog } from '../src/platform/log.ts';
import { openStation } from '../src/station/station.ts';

const [root = '', count = '0', begin = '0'] = process.argv.slice(2);
const BATCH = 500;
/** Orders write these files again and again: a repository does not grow with its orders. */
const FILES = 2000;
/** Where the files lie; what an earlier call made is not touched. */
const FOLDER = begin === '0' ? 'history' : `history-${begin}`;

const station = await openStation(root);
const rt = await Runtime.open(station, openLog('warn'));
await takeUp(rt);
const policy = rt.policyFile.require();
const head = station.repo.refs.head();
const branch = head.kind === 'branch' ? head.ref : '';
const contents = new Map<string, Buffer>();
const said = Date.now();
for (let n = 0; n < Number(count); n += BATCH) {
  await finish(Number(begin) + n, Math.min(BATCH, Number(count) - n));
  const seconds = (Date.now() - said) / 1000;
  process.stderr.write(`\r${n + BATCH} of ${count} orders, ${Math.round((n + BATCH) / seconds)} a second `);
}
process.stderr.write('\n');
await flushJournal(rt);
rt.projections.showMoved();
rt.marks.atRest(rt.ledger.head);
endRun(station);
rt.close();
execFileSync('git', ['reset', '--quiet', '--hard'], { cwd: root });
process.stdout.write('done\n');

async function finish(first: number, many: number): Promise<void> {
  const jobs = Array.from({ length: many }, (_, i) => jobOf(first + i));
  rt.record(
    jobs.map(({ woId, order, request }) => ({
      event: 'admitted',
      woId,
      attempt: 1,
      from: null,
      to: 'ready',
      data: { ...admittedOf(request, order.title), waiting_for: null, until: null, why: null },
    })),
  );
  const tip = station.repo.refs.read(branch);
  rt.record(
    jobs.map((job) => ({
      event: 'started',
      woId: job.woId,
      attempt: 1,
      from: 'ready',
      to: 'running',
      data: { plan_sha256: job.prepared.plan.sha256, branch, head: tip, changes: [...job.images], outputs: [] },
    })),
  );
  const sealed = await sealBatch(rt, newUlid(), jobs, false);
  const batch = (await buildBatch(rt, sealed))?.batch;
  if (!batch) throw new Error('nothing was built');
  rt.record(batch.built.map((built) => landingDraft(rt, built, batch)));
  await land(batch);
  sealed.pack.release();
  rt.record(
    batch.built.flatMap(({ job, sealed, commit }) =>
      endDrafts(rt.life(job.woId), job, { commits: [commit ?? ''], how: 'landed' }, sealed.manifestSha256),
    ),
  );
  for (const { job, sealed } of batch.built) {
    showEvidence(rt, rt.life(job.woId), sealed);
    for (const change of job.changes) contents.set(change.path, change.after?.bytes ?? Buffer.alloc(0));
  }
  await flushJournal(rt);
}

async function land({ plan }: Batch): Promise<void> {
  await moveRefs(station.repo, [
    { ref: branch, from: plan.oldHead, to: plan.newHead ?? '' },
    { ref: plan.journal.ref, from: plan.journal.from, to: plan.journal.to },
  ]);
  rt.lastTip = plan.newHead;
  noteJournal(station, plan.journal.to);
}

function jobOf(n: number): Job {
  const woId = `WO-H${String(n).padStart(7, '0')}`;
  const path = `${FOLDER}/${Math.floor((n % FILES) / 100)}/${n % FILES}.txt`;
  const file = `${woId}.json`;
  const text = JSON.stringify({ wo_id: woId, title: `Order ${n}`, files: [{ path, content: `made ${n}\n` }] });
  const request: ClaimedRequest = {
    claim: newUlid(),
    lane: 'MAIN',
    file,
    bytes: Buffer.from(text),
    orderFile: null,
    attachments: null,
    requester: { uid: process.getuid?.() ?? 0, user: null, lane: 'MAIN', via: 'inbox', declared_by: null },
    dryRun: false,
  };
  const read = readOrder(request, station.settings.intake);
  if ('error' in read) throw read.error;
  const before = contents.get(path);
  const was = before === undefined ? null : { mode: '100644' as const, bytes: before };
  const plan = planOrder(read.order, new Map([[path, path]]), new Map([[path, was]]));
  const images = plan.changes.map(imageOf);
  return {
    woId,
    order: read.order,
    request,
    prepared: {
      plan,
      images,
      before: new Map(images.map((i) => [i.path, i.before])),
      contents: new Map([[path, was]]),
    },
    branch,
    outputs: [],
    policy,
    fair: true,
    changes: plan.changes,
    images,
    checks: [],
    warnings: [],
    inPlace: false,
    isolation: null,
    mission: null,
    made: [],
  };
}

function imageOf({ path, before, after }: Change): ImageChange {
  const image = (content: Change['after']) => {
    if (content === null) return null;
    const id = blobId(content.bytes);
    return { mode: content.mode, blob: id, disk: id };
  };
  return { path, before: image(before), after: image(after) };
}

function admittedOf(request: ClaimedRequest, title: string): AdmittedData {
  return {
    claim: request.claim,
    file: request.file,
    lane: request.lane,
    requester: request.requester,
    trace_id: newTraceId(),
    received_at: now(),
    request: { name: 'request.json', sha256: requestHash(request), size: request.bytes.length },
    title,
    summary: '',
    type: 'patch',
    owner: null,
    priority: 2,
    created_at: null,
    tags: [],
    depends_on: [],
    not_before: null,
    hold: false,
    retries: 0,
    dry_run: false,
    works: false,
    warnings: [],
  };
}
