import picomatch from 'picomatch';
import { type Component, componentsOf } from '../../guardrail/component.ts';
import { isOutside } from '../../order/change.ts';
import { currentUser } from '../../platform/user.ts';
import { judgePaths, ruleText } from '../../policy/judge.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Station } from '../../station/station.ts';

/** Why a path is left alone unless somebody insists: the name of what it belongs to. Null for a path that is nobody's. */
export type Protection = (path: string) => string | null;

/** The components that somebody named, in waybill.yaml or in a list: the station's own folders and settings no order may touch anyway. */
function named(station: Station): readonly Component[] {
  const { settings, layout } = station;
  return componentsOf({ layout, settings: { ...settings, guardrail: { ...settings.guardrail, defaults: false } } });
}

/** Files, folders and globs that the guardrail looks after. */
export function protectedComponents(station: Station): Protection {
  const kept = named(station).flatMap((component) => {
    if (component.kind === 'glob') {
      const isMatch = picomatch(component.pattern, { dot: true, nocase: true });
      return [{ name: component.pattern, holds: (at: string) => isMatch(at) }];
    }
    if (component.kind !== 'file' && component.kind !== 'folder') return [];
    const plain = component.path.toLowerCase();
    const isFolder = component.kind === 'folder';
    return [{ name: component.path, holds: (at: string) => at === plain || (isFolder && at.startsWith(`${plain}/`)) }];
  });
  return (path) => kept.find(({ holds }) => holds(path.toLowerCase()))?.name ?? null;
}

/** What policy never lets an order of the default lane write, forced or not: the rule, or null. */
export function closedByPolicy(station: Station, policy: Policy): Protection {
  const about = {
    lane: station.settings.defaultLane,
    requester: { uid: process.geteuid?.() ?? -1, user: currentUser() },
    root: station.layout.root,
    hooksPath: null,
    isTrusted: () => false,
  };
  return (path) => {
    const [ruling] = judgePaths(policy, { ...about, paths: [path] });
    return ruling?.class === 'never' ? ruleText(ruling) : null;
  };
}

/** The files that are components: a snapshot holds them also where git ignores them. */
export function componentFiles(station: Station): string[] {
  return named(station).flatMap((component) =>
    component.kind === 'file' && !isOutside(component.path) ? [component.path] : [],
  );
}
