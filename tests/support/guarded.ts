import { closeRepository } from '../../src/git/repository.ts';
import type { GuardrailFault, TelemetryLine } from '../../src/order/generated.ts';
import { Guardrail, type Looked, type LookOptions } from '../../src/pipeline/guardrail/look.ts';
import { openGuarded } from '../../src/pipeline/guardrail/open.ts';
import { appendShared } from '../../src/platform/jsonl.ts';
import { openLog } from '../../src/platform/log.ts';
import { type TestStation, testStation } from './station.ts';
import type { TestContext } from './suite.ts';

export interface GuardedSetup {
  /** Entries of guardrail.components, as YAML in braces: `{kind: file, path: tool.sh}`. */
  readonly components?: readonly string[];
  /** Lines below guardrail: in waybill.yaml. */
  readonly guardrail?: readonly string[];
  /** Other lines of waybill.yaml. */
  readonly settings?: string;
  /** Text of policy.yaml. */
  readonly policy?: string;
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

/** A real station and a guardrail that looks when it is told to. */
export class Guarded {
  readonly s: TestStation;
  readonly guardrail: Guardrail;
  /** Telemetry that it wrote. */
  readonly lines: TelemetryLine[];

  constructor(s: TestStation, guardrail: Guardrail, lines: TelemetryLine[]) {
    this.s = s;
    this.guardrail = guardrail;
    this.lines = lines;
  }

  async look(options: LookOptions = {}): Promise<Looked> {
    const looked = await this.guardrail.look(options);
    await looked.told;
    return looked;
  }

  /** What is at fault, as `component kind`. */
  async faults(options: LookOptions = {}): Promise<string[]> {
    return (await this.look(options)).look.faults.map(({ component, kind }) => `${component} ${kind}`);
  }

  async fault(component: string, options: LookOptions = {}): Promise<GuardrailFault | undefined> {
    return (await this.look(options)).look.faults.find((fault) => fault.component === component);
  }

  alerts(): string[] {
    return this.s.exists('logs/guardrail_alerts.log')
      ? this.s.read('logs/guardrail_alerts.log').split('\n').filter(Boolean)
      : [];
  }

  /** Telemetry of one event, as the component that it is about. */
  told(event: string): unknown[] {
    return this.lines.filter((line) => line.event === event).map((line) => line['missing'] ?? line['component']);
  }
}

/** waybill.yaml with these components; nothing else is looked after unless `defaults: true` stands in `guardrail`. */
export function guardrailYaml({ components = [], guardrail = [], settings = '' }: GuardedSetup): string {
  const own = guardrail.some((line) => line.startsWith('defaults:')) ? [] : ['defaults: false'];
  const grace = guardrail.some((line) => line.startsWith('altered_after')) ? [] : ['altered_after_minutes: 0'];
  const lines = [...own, ...grace, ...guardrail, `components: [${components.join(', ')}]`];
  return `lanes: {MAIN: {}}\n${settings}guardrail:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

export function guardedStation(t: TestContext, setup: GuardedSetup = {}): TestStation {
  const { files = {}, policy } = setup;
  return testStation(t, { settings: guardrailYaml(setup), files, ...(policy === undefined ? {} : { policy }) });
}

/** Another guardrail on a station. */
export async function guardrailOf(t: TestContext, s: TestStation): Promise<Guarded> {
  const station = await openGuarded(s.root);
  t.defer(() => closeRepository(station.repo));
  const lines: TelemetryLine[] = [];
  const emit = (more: readonly TelemetryLine[]) => {
    lines.push(...more);
    appendShared(
      station.layout.telemetry,
      more.map((line) => JSON.stringify(line)),
    );
  };
  return new Guarded(s, new Guardrail(station, { by: 'once', scheduled: null, log: openLog('silent'), emit }), lines);
}

export async function guarded(t: TestContext, setup: GuardedSetup = {}): Promise<Guarded> {
  return guardrailOf(t, guardedStation(t, setup));
}
