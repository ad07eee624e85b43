import { isMapping, type Path, type Sheet } from './sheet.ts';

/** Types that no station takes, whatever its settings say, and what their authors are told. */
export const DEPRECATED_TYPES: Readonly<Record<string, string>> = {
  autonomous_build_cycle:
    'Hand the task to `waybill spine run`, or write `type: mission` and `task`: a mission is one order, with checkpoints and budgets.',
};

/** Where authors write what kind of work it is. */
const KEYS = plainNames('type task_type kind mission mission_type mission_name job_type chain intent');
/** Mappings, and lists of them, in which some of them write it; an `action` in those is one that is done to a file. */
const HOLDERS = plainNames('task_spec payload input mission spec context order job chain metadata params steps');
/** Of these the name says what kind of work it is; elsewhere it may be anybody's. */
const NAMED = plainNames('mission job chain');
/** Deeper nobody writes it. */
const MOST_DEPTH = 6;

/**
 * Throws DEPRECATED_TYPE, with the text that goes with it, for a document that names a type which is not taken any more, in whatever shape, and
 * however its words are joined. Said first of all: whoever writes for another system is helped little by what else is wrong.
 */
export function assertCurrentType(sheet: Sheet, deprecated: Readonly<Record<string, string>>): void {
  const hints = new Map(Object.entries(deprecated).map(([name, hint]) => [plainName(name), hint]));
  const assertCurrent = (holder: Readonly<Record<string, unknown>>, path: Path, more: string | null) => {
    for (const [key, value] of Object.entries(holder)) {
      if (typeof value !== 'string' || !(KEYS.has(plainName(key)) || plainName(key) === more)) continue;
      const hint = hints.get(plainName(value)) ?? hints.get(plainName(lastPart(value)));
      if (hint !== undefined)
        throw sheet.fault('DEPRECATED_TYPE', [...path, key], `${value} is not taken any more`, hint);
    }
    if (path.length >= MOST_DEPTH) return;
    for (const [key, value] of Object.entries(holder)) {
      if (!HOLDERS.has(plainName(key))) continue;
      const name = NAMED.has(plainName(key)) ? 'name' : null;
      if (isMapping(value)) assertCurrent(value, [...path, key], name);
      if (!Array.isArray(value)) continue;
      for (const [n, entry] of value.entries()) if (isMapping(entry)) assertCurrent(entry, [...path, key, n], name);
    }
  };
  assertCurrent(sheet.source.value, [], 'action');
}

/** `runtime.missions.nightly` is the path of a program's own name; what has spaces is prose, or a name by itself. */
function lastPart(name: string): string {
  const path = name.trim();
  return /\s/.test(path) ? path : path.slice(path.lastIndexOf('.') + 1);
}

function plainNames(names: string): ReadonlySet<string> {
  return new Set(names.split(' ').map(plainName));
}

/** `Autonomous-Build Cycle` and `AutonomousBuildCycle` are one name. */
function plainName(name: string): string {
  return name
    .slice(0, 200)
    .toLowerCase()
    .replace(/[\s_-]+/g, '');
}
