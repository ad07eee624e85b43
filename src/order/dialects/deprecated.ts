import { isMapping, type Sheet } from './sheet.ts';

/** Types that no station takes, whatever its settings say, and what their authors are told. */
export const DEPRECATED_TYPES: Readonly<Record<string, string>> = {
  autonomous_build_cycle:
    'Hand the task to `waybill spine run`, or write `type: mission` and `task`: a mission is one order, with checkpoints and budgets.',
};

/** Where authors write what kind of work it is. */
const KEYS = ['type', 'task_type', 'kind', 'mission', 'mission_type', 'job_type', 'intent'];
/** Mappings in which some of them write it; an `action` in those is one that is done to a file. */
const HOLDERS = ['task_spec', 'payload', 'input', 'mission', 'spec', 'context', 'order', 'job'];

/**
 * Throws DEPRECATED_TYPE, with the text that goes with it, for a document that names a type which is not taken any more, in whatever shape, and
 * however its words are joined. Said first of all: whoever writes for another system is helped little by what else is wrong.
 */
export function assertCurrentType(sheet: Sheet, deprecated: Readonly<Record<string, string>>): void {
  const hints = new Map(Object.entries(deprecated).map(([name, hint]) => [plainName(name), hint]));
  const assertCurrent = (holder: Readonly<Record<string, unknown>>, path: readonly string[], keys = KEYS) => {
    for (const key of keys) {
      const value = holder[key];
      const hint = typeof value === 'string' ? hints.get(plainName(value)) : undefined;
      if (hint !== undefined)
        throw sheet.fault('DEPRECATED_TYPE', [...path, key], `${String(value)} is not taken any more`, hint);
    }
  };
  assertCurrent(sheet.source.value, [], [...KEYS, 'action']);
  for (const name of HOLDERS) {
    const holder = sheet.get(name);
    if (isMapping(holder)) assertCurrent(holder, [name]);
  }
}

/** `Autonomous-Build Cycle` and `AutonomousBuildCycle` are one name. */
function plainName(name: string): string {
  return name
    .slice(0, 200)
    .toLowerCase()
    .replace(/[\s_-]+/g, '');
}
