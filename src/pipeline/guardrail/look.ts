import { join, resolve } from 'node:path';
import { isMidway } from '../../git/busy.ts';
import type { Alert } from '../../guardrail/alert.ts';
import { type SinkFault, tellAlerts } from '../../guardrail/alerts/tell.ts';
import { type Component, componentPath, componentsOf } from '../../guardrail/component.ts';
import { type Turn, turn } from '../../guardrail/faults.ts';
import { type Finding, finding } from '../../guardrail/finding.ts';
import { hasHome, readLook, writeLook } from '../../guardrail/last-look.ts';
import { Scanner } from '../../guardrail/scan.ts';
import { Seen } from '../../guardrail/seen.ts';
import { rememberSettings, type SettingsLook, settingsLook } from '../../guardrail/settings.ts';
import {
  driftLine,
  droppedLine,
  durationText,
  lookLines,
  missedLine,
  recoveredLine,
  repairedLine,
} from '../../guardrail/words.ts';
import { WaybillError } from '../../order/error.ts';
import type { GuardrailFault, GuardrailLook, GuardrailRepair, TelemetryLine } from '../../order/generated.ts';
import { now, pause } from '../../platform/clock.ts';
import { readIfThere } from '../../platform/durable.ts';
import { type HeldLock, lockHolder, takeLock } from '../../platform/lock.ts';
import type { Log } from '../../platform/log.ts';
import type { Station } from '../../station/station.ts';
import { CANARY } from './canary.ts';
import { StationChecks } from './other-checks.ts';
import {
  dropRepair,
  isAbout,
  isOfLastDay,
  mendingOf,
  rememberedRepairs,
  repairState,
  withdrawRepair,
} from './repair.ts';

/**
 * How long something must be at fault before it is: an editor that saves, or a checkout, has no file for an instant. Settings that changed must
 * have been still for so long.
 */
const CONFIRM_MS = 300;
/** A git command in the middle of its work may take this long before what it has not put back yet is told. */
const MIDWAY_MS = 5000;
const LOCK_MS = 10_000;
const DAY_MS = 86_400_000;
/** Repairs begun in one look. */
const REPAIRS_A_LOOK = 100;

/** What one look saw and did. */
export interface Looked {
  readonly look: GuardrailLook;
  readonly alerts: readonly Alert[];
  readonly recovered: Turn['recovered'];
  readonly folders: readonly string[];
  /** How long it took to look at all of it once. */
  readonly scanMs: number;
  /** Ends when every alert was told, with those sinks that could not be. */
  readonly told: Promise<readonly SinkFault[]>;
}

export interface LookOptions {
  /** Reads every file, whatever its times say. */
  readonly deep?: boolean;
  /** Only files and folders, because something happened there: no heartbeat, no drift that was told before. */
  readonly glance?: boolean;
  /** More that is at fault, found by the caller. */
  readonly more?: readonly Finding[];
}

/** Who looks, and how. */
export interface Watcher {
  readonly by: GuardrailLook['by'];
  /** Seconds from look to look; null for one look. */
  readonly scheduled: number | null;
  readonly log: Log;
  /** Writes telemetry. */
  readonly emit: (lines: readonly TelemetryLine[]) => void;
  readonly stop?: AbortSignal;
}

/**
 * The guardrail: looks at every component, tells what changed, and brings back what may be brought back. Of several processes that look at
 * one station, one looks at a time.
 */
export class Guardrail {
  #station: Station;
  readonly #watcher: Watcher;
  readonly #checks: StationChecks;
  #seen: Seen;
  #scanner: Scanner;
  #last: GuardrailLook | null = null;
  /** Settings that were found to be still. */
  #settled: SettingsLook['fresh'] = null;
  #glanced: { readonly of: readonly Component[]; readonly files: readonly Component[] } = { of: [], files: [] };
  #turn: Promise<unknown> = Promise.resolve();

  constructor(station: Station, watcher: Watcher) {
    this.#station = station;
    this.#watcher = watcher;
    this.#last = readLook(station.layout);
    this.#checks = new StationChecks(() => this.#station, this.#last?.ledger ?? null);
    this.#seen = new Seen(station);
    this.#scanner = new Scanner(station, this.#seen, this.#checks);
  }

  /** What was found when anybody looked last. */
  get last(): GuardrailLook | null {
    return this.#last;
  }

  /** Looks once. Throws STATION_HELD where another guardrail does not come to its end. */
  look(options: LookOptions = {}): Promise<Looked> {
    return this.#underLock(() => this.#look(options));
  }

  /** Looks once, unless another guardrail that looks at an interval did so within these milliseconds; null then. Throws as look() does. */
  lookUnlessSomebodyDid(withinMs: number): Promise<Looked | null> {
    return this.#underLock(async () => {
      const interval = readLook(this.#station.layout)?.interval ?? null;
      const isOthers = interval !== null && interval.pid !== process.pid;
      return isOthers && Date.now() - Date.parse(interval.at) < withinMs ? null : this.#look({});
    });
  }

  /** Takes the content of a file as it stands now for good, also where HEAD has another, or forgets one that is gone. Returns its name. */
  accept(path: string): Promise<string> {
    return this.#underLock(async () => {
      await this.#begin();
      const name = componentPath(this.#station, path);
      await this.#seen.lookAtHead([name]);
      const bytes = readIfThere(resolve(this.#station.layout.root, name));
      this.#seen.accept(name, bytes === undefined ? null : await this.#seen.blobOf(name, bytes));
      this.#seen.save();
      return name;
    });
  }

  /** One after the other in this process, and one of all processes. */
  #underLock<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      // with the git folder gone there is nothing to hold, and that is to be told
      const lock = hasHome(this.#station.layout) ? await this.#takeLock() : null;
      try {
        return await act();
      } finally {
        lock?.release();
      }
    });
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #takeLock(): Promise<HeldLock> {
    const path = join(this.#station.layout.guardrail, 'lock');
    for (const until = Date.now() + LOCK_MS; ; await pause(50)) {
      try {
        return takeLock(path, 'the guardrail');
      } catch (error) {
        const isHeld = error instanceof WaybillError && error.code === 'STATION_HELD';
        if (!isHeld || Date.now() >= until) throw error;
      }
    }
  }

  /** What another process found since counts; so do settings that were changed. Returns why waybill.yaml does not. */
  async #begin(): Promise<string | null> {
    const { settings, why } = await this.#settings();
    this.#station = { ...this.#station, settings: { ...settings, paths: this.#station.settings.paths } };
    const last = readLook(this.#station.layout);
    if (last !== null && last.pid !== process.pid) this.#checks.verified = last.ledger ?? null;
    if (this.#seen.isStale()) this.#seen = new Seen(this.#station);
    this.#scanner = this.#scanner.renewed(this.#station, this.#seen);
    this.#last = last ?? this.#last;
    return why;
  }

  /** The settings that count, once nobody is writing them any more: half of them would take components out of sight (rule 2). */
  async #settings(): Promise<SettingsLook> {
    const { layout } = this.#station;
    let look = settingsLook(layout);
    for (const until = Date.now() + MIDWAY_MS; !isSame(look.fresh, this.#settled) && Date.now() < until; ) {
      this.#settled = look.fresh;
      if (look.fresh === null) break;
      await pause(CONFIRM_MS);
      look = settingsLook(layout);
    }
    rememberSettings(layout, look);
    return look;
  }

  async #look({ deep = false, glance = false, more = [] }: LookOptions): Promise<Looked> {
    const began = performance.now();
    const why = await this.#begin();
    const lookBegan = performance.now();
    const before = this.#last;
    // one reading, and no state: nobody sends another until somebody asks for it
    const old = (before?.faults ?? []).filter((fault) => glance || deep || fault.component !== CANARY.name);
    const components = componentsOf(this.#station, this.#seen.lists);
    const scope = glance ? this.#filesAmong(components) : components;
    const scan = await this.#scanner.scan(scope, deep);
    const scanMs = performance.now() - lookBegan;
    const settings = why === null ? [] : [finding(SETTINGS, 'unreadable', why)];
    const sure = await this.#confirmed(scope, deep, scan.findings, old);
    const isNamed = (name: string) => scan.isNamed(name) || name === SETTINGS.name || (deep && name === CANARY.name);
    const carried = glance || scan.isPartial ? old.filter((fault) => !isNamed(fault.component)) : [];
    // a file that is gone is told as that
    const findings = await this.#withMending([...sure, ...settings, ...carried.map(asFinding), ...more]);
    const at = now();
    const turned = turn(old, findings, {
      now: at,
      goodAt: (component) => (this.#wasGood(component, before) ? (before?.at ?? null) : null),
      remindAfterMinutes: this.#station.settings.guardrail.remindAfterMinutes,
      // what could not be read as a component had no name of its own
      isGone: ({ component, kind }) => !isNamed(component) && kind !== 'unreadable',
    });
    const repairs = this.#repair(findings, turned, before?.repairs ?? [], at);
    const look: GuardrailLook = {
      v: 1,
      at: glance ? (before?.at ?? at) : at,
      pid: process.pid,
      by: this.#watcher.by,
      interval: this.#interval(at, glance, before),
      components: glance ? (before?.components ?? scan.components) : scan.components,
      others: glance
        ? (before?.others ?? [])
        : components.filter(({ kind }) => kind !== 'file').map(({ name }) => name),
      healthy_at: turned.faults.length === 0 ? at : (before?.healthy_at ?? null),
      faults: repairs.faults.map((fault) => ({ ...fault })),
      repairs: [...repairs.repairs],
      ledger: this.#checks.verified,
    };
    const alerts = [...turned.alerts, ...repairs.alerts];
    const known = new Set(old.map((fault) => `${fault.component} ${fault.kind}`));
    const fresh = turned.faults.filter((fault) => !known.has(`${fault.component} ${fault.kind}`));
    this.#watcher.emit([
      ...(glance
        ? fresh.map(driftLine(at))
        : lookLines(at, turned.faults, scan.components, Math.round(performance.now() - began))),
      ...turned.recovered.map(({ fault, lastedMs }) => recoveredLine(at, fault, lastedMs)),
      ...turned.dropped.map((fault) => droppedLine(at, fault)),
      ...repairs.lines,
    ]);
    // before it is written down that they were told: after a kill, or on a full disk, rather twice than never
    const told = tellAlerts(this.#station, alerts, this.#watcher.log, this.#watcher.stop);
    writeLook(this.#station.layout, look);
    this.#seen.save();
    this.#last = look;
    return { look, alerts, recovered: turned.recovered, folders: scan.folders, scanMs, told };
  }

  /** Whether the look before found this component in order: one that is new was not looked at. */
  #wasGood(component: string, before: GuardrailLook | null): boolean {
    return this.#seen.get(component) !== undefined || before?.others.includes(component) === true;
  }

  /** The heartbeat of who looks at an interval; a look in between is none of it, and hides none. After a day without one it is forgotten. */
  #interval(at: string, glance: boolean, before: GuardrailLook | null): GuardrailLook['interval'] {
    const { scheduled } = this.#watcher;
    if (scheduled !== null && !glance) return { at, pid: process.pid, seconds: scheduled };
    const known = before?.interval ?? null;
    return known !== null && Date.parse(at) - Date.parse(known.at) < DAY_MS ? known : null;
  }

  /** The same list for the same components: what follows from it is remembered. */
  #filesAmong(components: readonly Component[]): readonly Component[] {
    if (this.#glanced.of !== components) this.#glanced = { of: components, files: components.filter(isFiles) };
    return this.#glanced.files;
  }

  /** What just began to be at fault is looked at again: only what stays so, while no git command is in the middle, counts. */
  async #confirmed(
    components: readonly Component[],
    deep: boolean,
    findings: readonly Finding[],
    known: readonly GuardrailFault[],
  ): Promise<Finding[]> {
    const told = new Set(known.map((fault) => `${fault.component} ${fault.kind}`));
    const isNew = (found: Finding) => !told.has(`${found.component} ${found.kind}`);
    let doubtful = new Set(findings.filter(isNew).map((f) => f.component));
    let rest = [...findings];
    for (const since = Date.now(); doubtful.size > 0; ) {
      await pause(CONFIRM_MS);
      const again = await this.#scanner.scan(components, deep, doubtful);
      rest = [
        ...rest.filter((f) => !doubtful.has(f.component)),
        ...again.findings.filter((f) => doubtful.has(f.component)),
      ];
      doubtful = new Set(rest.filter(isNew).map((f) => f.component));
      if (Date.now() - since > MIDWAY_MS || !isMidway(this.#station.repo)) break;
    }
    return rest;
  }

  async #withMending(findings: readonly Finding[]): Promise<Finding[]> {
    const all: Finding[] = [];
    const known = new Map(this.#last?.faults.map((fault) => [`${fault.component} ${fault.kind}`, fault]));
    let asked = 0;
    for (const found of findings) {
      const before = known.get(`${found.component} ${found.kind}`);
      if (before !== undefined && found.repair === 'report') {
        all.push({ ...found, mend: before.mend ?? null });
        continue;
      }
      // each asks git for a content: where thousands are gone at once, the next looks bring back the others
      if (found.path === null || ++asked > REPAIRS_A_LOOK) {
        all.push(found);
        continue;
      }
      const mending = await mendingOf(this.#station, found, this.#seen, this.#checks.lastWrite);
      all.push(mending.can ? { ...found, mend: mending.how, actions: mending.actions } : found);
    }
    return all;
  }

  /** Brings back what may be; what breaks again and again is left alone and told. */
  #repair(findings: readonly Finding[], turned: Turn, before: readonly GuardrailRepair[], at: string) {
    const isRunning = lockHolder(this.#station.layout.lock) !== null;
    const known = rememberedRepairs(this.#station, turned.faults, before, at, isRunning);
    const recent = known.filter((repair) => isOfLastDay(repair, at));
    const repairs = [...known];
    const alerts: Alert[] = [];
    const lines: TelemetryLine[] = [];
    const escalated = new Set<string>();
    for (const { fault, lastedMs } of turned.recovered) {
      const by = before.findLast((repair) => repair.component === fault.component && repair.at >= fault.since);
      const state = by === undefined ? null : repairState(this.#station, by, isRunning);
      if (by?.asks === true && state === 'pending') withdrawRepair(this.#station, by);
      if (by === undefined || state !== 'done') continue;
      lines.push(repairedLine(at, fault, by.wo_id, lastedMs));
      alerts.push({
        ...alertOf(fault, at),
        what: 'repaired',
        text: `REPAIRED: ${fault.component} by ${by.wo_id}, after ${durationText(lastedMs)}`,
      });
    }
    let begun = 0;
    for (const found of findings) {
      if (found.repair === 'report' || found.actions === undefined || begun >= REPAIRS_A_LOOK) continue;
      const fault = turned.faults.find((f) => f.component === found.component);
      if (fault === undefined) continue;
      const tries = recent.filter((repair) => repair.component === found.component);
      const last = known.findLast((repair) => repair.component === found.component);
      if (last !== undefined && repairState(this.#station, last, isRunning) === 'pending') continue;
      if (found.repair === 'ask' && last?.denied === true && isAbout(last, fault)) continue;
      if (tries.length >= this.#station.settings.guardrail.repairsADay) {
        if (fault.escalated) continue;
        escalated.add(fault.component);
        const text = `ESCALATED: ${fault.component} broke again after ${tries.length} repairs within a day (last ${last?.wo_id ?? ''}): it is left alone`;
        alerts.push({ ...alertOf(fault, at), what: 'escalated', severity: 'critical', text });
        continue;
      }
      repairs.push(dropRepair(this.#station, found.component, found, found.actions));
      begun++;
    }
    const faults = turned.faults.map((fault) =>
      escalated.has(fault.component) ? { ...fault, escalated: true } : fault,
    );
    return { repairs, faults, alerts, lines };
  }

  /** Tells that looks were missed: the machine slept, or no guardrail ran. */
  missed(count: number, since: string): void {
    this.#watcher.emit([missedLine(now(), count, since)]);
    this.#watcher.log.warn({ missed: count, since }, 'the guardrail did not look for a while');
  }
}

const SETTINGS = { name: 'waybill.yaml', severity: 'critical', repair: 'report' } as const;

function isFiles({ kind }: Component): boolean {
  return kind === 'file' || kind === 'folder' || kind === 'glob';
}

function isSame(a: SettingsLook['fresh'], b: SettingsLook['fresh']): boolean {
  return a === b || (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b));
}

function asFinding(fault: GuardrailFault): Finding {
  const { component, severity, message, mend } = fault;
  return {
    component,
    kind: fault.kind as Finding['kind'],
    severity,
    message,
    path: null,
    repair: 'report',
    mend: mend ?? null,
  };
}

function alertOf(fault: GuardrailFault, at: string): Omit<Alert, 'what' | 'text'> {
  return { at, severity: fault.severity, component: fault.component, since: fault.since };
}
