import { isAbsolute, join } from 'node:path';
import { loadRoles } from '../../agents/roles.ts';
import { readLook } from '../../guardrail/last-look.ts';
import { asWaybillError } from '../../order/error.ts';
import type { RuntimeFacts } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { exists, namesIn } from '../../platform/durable.ts';
import { lockHolder } from '../../platform/lock.ts';
import { isStopped } from '../../platform/processes.ts';
import { findProgram, isExecutable } from '../../platform/programs.ts';
import { loadPolicy } from '../../policy/policy.ts';
import { lastBackup, lastFailure } from '../../record/backup-report.ts';
import { ledgerHead } from '../../record/chain.ts';
import { JournalReader } from '../../record/journal.ts';
import { readLedger } from '../../record/ledger.ts';
import { CHAINS_FOLDER } from '../../station/agents-folder.ts';
import { readHeartbeat } from '../../station/heartbeat.ts';
import { refsOf } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { StationChecks } from '../guardrail/other-checks.ts';
import { Absent } from './fact.ts';
import type { OrdersSeen } from './orders-seen.ts';

/** The measurements of a status that concern the station itself. Each throws what keeps it from being made. */

type Value<K extends keyof RuntimeFacts> = NonNullable<RuntimeFacts[K]['value']>;

/** A repository may be large; who asks how things stand does not wait for longer. */
const GIT_MS = 30_000;
/** A heartbeat comes at least every minute; twice that allows for a long turn. */
const HEARTBEAT_MS = 120_000;
/** So many of its intervals may the guardrail miss before its last look says nothing of now. */
const LOOKS_MISSED = 3;
const HOUR_MS = 3_600_000;
const MOST_FAULTS = 50;

export function branch({ repo }: Station): Value<'branch'> | Absent {
  const head = repo.refs.head();
  return head.kind === 'branch' ? head.ref.replace(/^refs\/heads\//, '') : new Absent('HEAD is detached');
}

export function head({ repo }: Station): Value<'head'> | Absent {
  return repo.refs.checkedOut() ?? new Absent('there is no commit yet');
}

export async function workTree({ repo }: Station): Promise<Value<'work_tree'>> {
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=normal', '--no-renames'];
  const { stdout, exitCode, stderr, cut } = await repo.git.try(args, { timeoutMs: GIT_MS });
  if (cut !== undefined) throw new Error(`git status took longer than ${GIT_MS / 1000} s`);
  if (exitCode !== 0) throw new Error(`git status ended with ${exitCode}: ${stderr.trim().split('\n')[0] ?? ''}`);
  const lines = stdout.toString('utf8').split('\0').filter(Boolean);
  const untracked = lines.filter((line) => line.startsWith('? ')).length;
  return { clean: lines.length === 0, changed: lines.length - untracked, untracked };
}

export function stationProcess({ layout }: Station, at: number): Value<'process'> {
  const holder = lockHolder(layout.lock);
  const beat = readHeartbeat(layout);
  const beatAt = beat?.at ?? null;
  if (holder === null) {
    // the mark of a run goes when that ends by itself
    const died = exists(join(layout.live, 'running.json'));
    return { state: died ? 'died' : 'none', since: null, heartbeat_at: beatAt };
  }
  // somebody else's lock may not say since when
  const since = Number.isNaN(Date.parse(holder.since)) ? null : holder.since;
  if (isStopped(holder.pid)) return { state: 'stopped', since, heartbeat_at: beatAt };
  const aliveAt = Math.max(Date.parse(since ?? '1970-01-01'), Date.parse(beatAt ?? '1970-01-01'));
  const isSilent = at - aliveAt > HEARTBEAT_MS;
  return { state: isSilent ? 'silent' : 'running', since, heartbeat_at: isSilent ? beatAt : null };
}

export function orders({ alive, ended }: OrdersSeen): Value<'orders'> {
  const count = (status: string) => alive.filter((life) => life.status === status).length;
  const waits = new Map<string, number>();
  for (const { waitingFor } of alive) if (waitingFor !== null) waits.set(waitingFor, (waits.get(waitingFor) ?? 0) + 1);
  const waitingFor = Object.fromEntries([...waits].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    ready: count('ready'),
    running: count('running'),
    parked: count('parked'),
    waiting_for: waitingFor,
    ended: { ...ended },
  };
}

export function oldestWait({ alive }: OrdersSeen): Value<'oldest_wait'> | Absent {
  const oldest = oldestFirst(alive)[0];
  if (oldest === undefined) return new Absent('no order is alive');
  const { woId, status, waitingFor, updatedAt } = oldest;
  return { wo_id: woId, status: status as 'ready' | 'running' | 'parked', waiting_for: waitingFor, since: updatedAt };
}

/** By when they changed last. */
export function oldestFirst(alive: readonly OrderLife[]): OrderLife[] {
  return [...alive].sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : a.updatedAt > b.updatedAt ? 1 : a.born - b.born));
}

/**
 * The ledger's head, and what does not hold in what can be read in good time: all since the guardrail's last look, else the newest segment, and
 * the record that the journal anchors. `waybill verify` reads everything.
 */
export async function ledger(station: Station): Promise<Value<'ledger'>> {
  // before the ledger: what a running station appends meanwhile must not look like a ledger that is too short
  const anchor = await journalReader(station).newestAnchor();
  const checks = new StationChecks(() => station, readLook(station.layout)?.ledger ?? null);
  const component = { kind: 'ledger', name: 'ledger', severity: 'critical', repair: 'report' } as const;
  const fault = (await checks.ledger(component))?.message ?? null;
  const { seq, hash } = ledgerHead(station.layout.ledger);
  return { seq, hash, fault: fault ?? (anchor === null ? null : contradicted(station, seq, anchor)) };
}

function contradicted({ layout }: Station, last: number, anchor: { seq: number; hash: string }): string | null {
  if (anchor.seq === 0) return null;
  if (anchor.seq > last) return `it ends at record ${last}, and the journal tells of record ${anchor.seq}`;
  const record = readLedger(layout.ledger, anchor.seq).next().value;
  return record?.hash === anchor.hash ? null : `record ${anchor.seq} is another one than the journal tells of`;
}

export async function journal(station: Station): Promise<Value<'journal'> | Absent> {
  const anchor = await journalReader(station).newestAnchor();
  if (anchor === null) return new Absent('there is no journal yet');
  const { seq } = ledgerHead(station.layout.ledger);
  return {
    anchored: anchor.seq,
    anchored_at: new Date(anchor.at).toISOString(),
    behind: Math.max(0, seq - anchor.seq),
  };
}

function journalReader({ repo, id }: Station): JournalReader {
  return new JournalReader(repo, refsOf(id).journal);
}

export function guardrail({ layout }: Station, at: number): Value<'guardrail'> | Absent {
  const look = readLook(layout);
  if (look === null) return new Absent('it never looked');
  const { interval, components } = look;
  const isOld = interval !== null && at - Date.parse(look.at) > LOOKS_MISSED * interval.seconds * 1000;
  const unclear = look.faults.filter(({ kind }) => kind === 'unreadable' || kind === 'check_failed').length;
  const drifted = look.faults.length - unclear;
  return {
    components,
    ok: isOld ? 0 : Math.max(0, components - look.faults.length),
    drifted: isOld ? 0 : drifted,
    unknown: isOld ? components : unclear,
    looked_at: look.at,
    faults: look.faults.slice(0, MOST_FAULTS).map(({ component, kind, severity, since }) => ({
      component,
      kind,
      severity,
      since,
    })),
  };
}

export function backup(station: Station, at: number): Value<'backup'> | Absent {
  const last = lastBackup(station);
  if (last === null)
    return new Absent(
      station.settings.backup.to === null ? 'settings ask for none, and none was made' : 'there is no backup yet',
    );
  return {
    at: last.at,
    age_hours: Math.max(0, Math.floor((at - Date.parse(last.at)) / HOUR_MS)),
    behind: Math.max(0, ledgerHead(station.layout.ledger).seq - last.seq),
    failed: lastFailure(station)?.code ?? null,
  };
}

export function missions({ layout, settings }: Station): Value<'missions'> {
  const chains = namesIn(join(layout.root, CHAINS_FOLDER)).filter((name) => name.endsWith('.yaml'));
  return {
    chains: chains.map((name) => name.replace(/\.yaml$/, '')).sort(),
    stopped: exists(join(layout.root, settings.missions.stopFile)),
    policy: faultOf(() => loadPolicy(layout.root)),
  };
}

function faultOf(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (thrown) {
    return asWaybillError(thrown).message;
  }
}

export function agents({ layout }: Station): Value<'agents'> {
  const { roles, faults } = loadRoles(layout.root);
  return {
    roles: [...roles.values()].map(({ name, use }) => ({ role: name, agents: use.map((agent) => agent.name) })),
    faults: [...faults].map(([role, { message }]) => `${role}: ${message}`),
  };
}

/** Whether each program and path that settings name is there, on the PATH of this process. */
export function claims({ layout, settings }: Station): Value<'claims'> | Absent {
  const named = settings.documents.claims;
  if (named.length === 0) return new Absent('settings name none');
  return named.map(({ program, path }) => {
    if (program === undefined)
      return { kind: 'path' as const, name: path ?? '', there: exists(join(layout.root, path ?? '')) };
    const there = isAbsolute(program)
      ? isExecutable(program)
      : findProgram(program, process.env['PATH'] ?? '') !== undefined;
    return { kind: 'program' as const, name: program, there };
  });
}
