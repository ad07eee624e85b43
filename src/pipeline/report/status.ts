import { type Contradiction, contradictionText } from '../../documents/contradiction.ts';
import type { RuntimeFacts, RuntimeStatus } from '../../order/generated.ts';
import { now } from '../../platform/clock.ts';
import { conform } from '../../platform/schema.ts';
import type { Station } from '../../station/station.ts';
import { VERSION } from '../../station/version.ts';
import { measured, type Unmeasured, withoutPlaces } from './fact.ts';
import { judged } from './judge.ts';
import * as measure from './measure.ts';
import { ordersSeen } from './orders-seen.ts';
import { type Stated, statedIn } from './stated.ts';

const DAY_MS = 86_400_000;
/** Orders that ended so long ago still count. */
const ENDED_DAYS = 7;

/** A status, and what it was made of that others need. */
export interface StatusMade {
  readonly status: RuntimeStatus;
  readonly contradictions: readonly Contradiction[];
}

/**
 * How a station stands, measured now; with no station process, and beside one. The same for the same station, apart from the time. What cannot be
 * measured is null with the reason. Never throws for that; throws INTERNAL where what it made is not what its schema says.
 */
export async function statusOf(station: Station, at: string = now()): Promise<StatusMade> {
  const atMs = Date.parse(at);
  const unmeasured: Unmeasured = new Map();
  const fact = <T>(name: keyof RuntimeFacts, how: string, call: Parameters<typeof measured<T>>[3]) =>
    measured<T>(name, how, unmeasured, call);
  const orders = ordersSeen(station.layout, atMs - ENDED_DAYS * DAY_MS);
  // told by whoever asks for it
  orders.catch(() => {});
  const stated: Stated = await statedIn(station);
  const { files, register } = { files: station.settings.backlog.files, register: station.settings.documents.register };
  const facts: RuntimeFacts = {
    station: await fact('station', 'station.json in the git folder', () => station.id),
    version: await fact('version', 'package.json of the program that measured', () => VERSION),
    branch: await fact('branch', 'HEAD', () => measure.branch(station)),
    head: await fact('head', 'HEAD', () => measure.head(station)),
    work_tree: await fact('work_tree', 'git status', () => measure.workTree(station)),
    process: await fact('process', 'the lock and the heartbeat', () => measure.stationProcess(station, atMs)),
    orders: await fact('orders', `the ledger; what ended, in the last ${ENDED_DAYS} days`, async () =>
      measure.orders(await orders),
    ),
    oldest_wait: await fact('oldest_wait', 'the ledger', async () => measure.oldestWait(await orders)),
    ledger: await fact('ledger', 'the chain since it was looked at last, and the journal', () =>
      measure.ledger(station),
    ),
    journal: await fact('journal', 'the newest commit of the journal', () => measure.journal(station)),
    guardrail: await fact('guardrail', 'what the guardrail wrote down at its last look', () =>
      measure.guardrail(station, atMs),
    ),
    backup: await fact('backup', 'backup.json in the git folder', () => measure.backup(station, atMs)),
    backlog: await fact('backlog', files.length === 0 ? 'backlog.files' : files.join(', '), () => stated.backlog()),
    plan: await fact('plan', register ?? 'documents.register', () => stated.plan()),
    missions: await fact('missions', 'policy.yaml, agents/chains and the stop file', () => measure.missions(station)),
    agents: await fact('agents', 'agents/*/agent.yaml', () => measure.agents(station)),
    claims: await fact('claims', 'PATH, and the files below the root', () => measure.claims(station)),
  };
  const reasons = judged(facts, station.settings, unmeasured, atMs);
  // what keeps a fact from being measured is told with its name
  const told = new Set(unmeasured.values());
  for (const why of [...stated.notRead, ...stated.stale]) if (!told.has(why)) reasons.push(`warn: ${why}`);
  const { contradictions } = stated;
  const isFail = reasons.some((reason) => reason.startsWith('fail: ')) || contradictions.some(isBlocking);
  const status: RuntimeStatus = {
    v: 1,
    generated_at_utc: at,
    repo_root: '.',
    facts,
    contradictions: contradictions.map(contradictionText),
    reasons,
    status: isFail ? 'fail' : reasons.length + contradictions.length > 0 ? 'warn' : 'ok',
  };
  const clean = withoutPlaces(status, station.layout.root);
  return { status: conform('runtime-status', clean, 'INTERNAL'), contradictions };
}

function isBlocking({ severity }: Contradiction): boolean {
  return severity === 'block';
}
