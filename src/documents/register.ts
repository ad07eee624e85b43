import type { Contradiction } from './contradiction.ts';

/** What became of a plan. */
export type PlanStatus = 'active' | 'superseded' | 'draft';

export interface Plan {
  /** Relative to the root. */
  readonly path: string;
  readonly status: PlanStatus;
  /** Paths of the plans that it took the place of. */
  readonly supersedes: readonly string[];
  readonly supersededBy: string | null;
  /** From 1. */
  readonly line: number;
}

/** Which plan counts, and which it took the place of, as a file has it. */
export interface Register {
  readonly path: string;
  readonly plans: readonly Plan[];
  /** Lines that name no plan where one must stand, each with why. */
  readonly unread: readonly { readonly line: number; readonly why: string }[];
}

/** The one active plan, and where the register says so; null where there is none, or more than one. */
export function activePlanOf({ path, plans }: Register): { readonly path: string; readonly ref: string } | null {
  const [active, other] = plans.filter(({ status }) => status === 'active');
  return active === undefined || other !== undefined ? null : { path: active.path, ref: `${path}:${active.line}` };
}

/**
 * Everything that must hold for a register and does not: exactly one active plan that nobody supersedes, no circle, every plan that it
 * names is there, both sides of a supersession agree. `isThere` tells of a path whether it exists; null: that could not be found out.
 */
export function registerFaults(register: Register, isThere: (path: string) => boolean | null): Contradiction[] {
  const { plans, unread } = register;
  const fault = (id: string, message: string, lines: readonly number[]): Contradiction => ({
    id,
    severity: 'block',
    message,
    refs: lines.map((line) => `${register.path}:${line}`),
  });
  const found = unread.map(({ line, why }) => fault('register-unread', why, [line]));

  const active = plans.filter(({ status }) => status === 'active');
  if (active.length === 0) found.push(fault('register-no-active-plan', 'no plan is active', [1]));
  if (active.length > 1)
    found.push(
      fault(
        'register-several-active-plans',
        `${active.length} plans are active: ${active.map(({ path }) => path).join(', ')}`,
        active.map(({ line }) => line),
      ),
    );

  const byPath = new Map<string, Plan>();
  for (const plan of plans) {
    const first = byPath.get(plan.path);
    if (first === undefined) byPath.set(plan.path, plan);
    else found.push(fault('register-plan-twice', `${plan.path} stands there twice`, [first.line, plan.line]));
  }
  for (const { path, line, status, supersedes, supersededBy } of plans) {
    for (const target of new Set([path, ...supersedes, ...(supersededBy === null ? [] : [supersededBy])])) {
      // a plan of the register is looked at in its own row
      if (target !== path && byPath.has(target)) continue;
      const there = isThere(target);
      if (there === true) continue;
      const what = there === null ? 'cannot be looked at' : 'is not there';
      found.push(fault('register-target-missing', `${target} ${what}`, [line]));
    }
    if (status === 'active' && supersededBy !== null)
      found.push(fault('register-active-superseded', `${path} is active, and superseded by ${supersededBy}`, [line]));
    for (const target of supersedes) {
      const other = byPath.get(target);
      if (other?.status === 'active')
        found.push(fault('register-active-superseded', `${target} is active, and ${path} supersedes it`, [line]));
      if (other !== undefined && other.supersededBy !== null && other.supersededBy !== path)
        found.push(
          fault('register-apart', `${path} supersedes ${target}, which is superseded by ${other.supersededBy}`, [
            line,
            other.line,
          ]),
        );
    }
  }
  const circle = circleOf(plans);
  if (circle !== null) found.push(fault('register-circle', `${circle.names.join(' -> ')} go round`, circle.lines));
  return found;
}

/** A way from a plan over what it is superseded by back to it; null where there is none. */
function circleOf(plans: readonly Plan[]): { names: string[]; lines: number[] } | null {
  const after = new Map<string, Set<string>>();
  const add = (older: string, newer: string) => after.set(older, (after.get(older) ?? new Set()).add(newer));
  for (const { path, supersedes, supersededBy } of plans) {
    for (const older of supersedes) add(older, path);
    if (supersededBy !== null) add(path, supersededBy);
  }
  const over = new Set<string>();
  const follow = (name: string, way: readonly string[]): string[] | null => {
    const at = way.indexOf(name);
    if (at !== -1) return [...way.slice(at), name];
    if (over.has(name)) return null;
    for (const next of after.get(name) ?? []) {
      const circle = follow(next, [...way, name]);
      if (circle !== null) return circle;
    }
    over.add(name);
    return null;
  };
  for (const name of after.keys()) {
    const names = follow(name, []);
    if (names === null) continue;
    const lines = plans.filter(({ path }) => names.includes(path)).map(({ line }) => line);
    return { names, lines };
  }
  return null;
}
