import { type Component, componentsOf } from '../../guardrail/component.ts';
import { readLook } from '../../guardrail/last-look.ts';
import { settingsLook } from '../../guardrail/settings.ts';
import type { GuardrailFault, GuardrailLook } from '../../order/generated.ts';
import type { Station } from '../../station/station.ts';
import type { Records } from '../records.ts';
import { type Drift, DriftRecord, type Drifts } from './drift-record.ts';
import { type Remedy, remedyOf } from './remedy.ts';
import { isOldLook, LOOKS_MISSED, lookSeconds } from './standing.ts';
import type { Looks, Standing } from './uptime.ts';

/** How a component stands now. */
export interface ComponentView {
  readonly name: string;
  readonly kind: Component['kind'] | 'other';
  readonly severity: 'critical' | 'warning';
  readonly repair: Component['repair'];
  /** `unknown` where nobody looked lately. */
  readonly standing: Standing;
  readonly fault: GuardrailFault | null;
  readonly remedy: Remedy | null;
  /** Whether `waybill history` can be asked about it: it is a file or a folder. */
  readonly isPath: boolean;
}

/** Whether the guardrail is happy, and what it saw these days. */
export interface GuardrailView {
  /** Whether the running station looks by itself, as waybill.yaml has it now. */
  readonly isOn: boolean;
  readonly everySeconds: number;
  /** Why waybill.yaml does not count; null where it does. */
  readonly settingsFault: string | null;
  readonly look: GuardrailLook | null;
  /** The last look is so old that it says nothing of now. */
  readonly isOld: boolean;
  /** Those at fault first, then by name. */
  readonly components: readonly ComponentView[];
  readonly drifts: Drifts;
  readonly looks: Looks;
  readonly nowMs: number;
}

/** So far back drift is told. */
export const KEPT_MS = 7 * 86_400_000;
const LONGEST_HOLD_MS = 2 * 3_600_000;
const MINUTE_MS = 60_000;

/** One for each process that shows a station: it reads while somebody looks, and nothing otherwise. */
const records = new WeakMap<Records, DriftRecord>();

/** The guardrail as its last look, its telemetry and the settings tell it. */
export function guardrailView(station: Station, of: Records, nowMs = Date.now()): GuardrailView {
  const { layout } = station;
  const { settings, why } = settingsLook(layout);
  const look = readLook(layout);
  const record = records.get(of) ?? new DriftRecord(layout.telemetry, KEPT_MS);
  records.set(of, record);
  const drifts = record.read(nowMs, look);
  const everySeconds = lookSeconds(look, settings);
  const isOld = look !== null && isOldLook(look, settings, nowMs);
  const components = componentsOf({ ...station, settings: { ...settings, paths: station.settings.paths } });
  return {
    isOn: settings.guardrail.enabled,
    everySeconds,
    settingsFault: why,
    look,
    isOld,
    components: rows(components, look, isOld),
    drifts,
    looks: { ...drifts, holdMs: holdOf(drifts.looks, everySeconds) },
    nowMs,
  };
}

/** A look by hand or from cron counts until the next is due, as those before it came. */
function holdOf(looks: readonly number[], everySeconds: number): number {
  const usual = everySeconds * 1000;
  const sorted = [...new Set(looks)].sort((a, b) => a - b).slice(-50);
  const pauses = sorted
    .slice(1)
    .map((at, n) => at - (sorted[n] ?? at))
    .sort((a, b) => a - b);
  const middle = pauses[Math.floor(pauses.length / 2)] ?? usual;
  return LOOKS_MISSED * Math.min(LONGEST_HOLD_MS, Math.max(usual, middle, MINUTE_MS));
}

function rows(components: readonly Component[], look: GuardrailLook | null, isOld: boolean): ComponentView[] {
  const faults = new Map((look?.faults ?? []).map((fault) => [fault.component, fault]));
  const named = new Map(components.map((component) => [component.name, component]));
  const others = [...faults.values()].filter(({ component }) => !named.has(component));
  return [
    ...components.map((component) => view(component, faults.get(component.name) ?? null)),
    // a file of a glob, waybill.yaml, the canary
    ...others.map((fault) =>
      view({ name: fault.component, kind: 'other', severity: fault.severity, repair: 'report' }, fault),
    ),
  ].sort((a, b) => Number(a.fault === null) - Number(b.fault === null) || (a.name < b.name ? -1 : 1));

  function view(
    { name, kind, severity, repair }: Pick<ComponentView, 'name' | 'kind' | 'severity' | 'repair'>,
    fault: GuardrailFault | null,
  ): ComponentView {
    const standing = fault !== null ? 'bad' : look === null || isOld ? 'unknown' : 'good';
    const isPath = kind === 'file' || kind === 'folder' || (kind === 'other' && !/^\w+:|^canary$/.test(name));
    const remedy = fault === null ? null : remedyOf(fault);
    return { name, kind, severity, repair, standing, fault, remedy, isPath };
  }
}

/** What drifted, the newest first. */
export function newestDrifts({ faults }: Drifts, most: number): readonly Drift[] {
  return [...faults].sort((a, b) => (b.end ?? b.last) - (a.end ?? a.last) || b.since - a.since).slice(0, most);
}
