import type { Station } from '../../station/station.ts';

/** Why a path is left alone unless somebody insists: the name of what it belongs to. Null for a path that is nobody's. */
export type Protection = (path: string) => string | null;

/** What settings call a component of the station: files, folders and globs, as they are written there. */
export function componentsOf(station: Station): Protection {
  const kept = station.settings.guardrail.components.flatMap((component) => {
    const { kind, path } = component;
    if (typeof path !== 'string') return [];
    const plain = path.replace(/^\.\//, '').replace(/\/+$/, '').toLowerCase();
    if (kind === 'file') return [{ path, holds: (at: string) => at === plain }];
    if (kind === 'folder') return [{ path, holds: (at: string) => at === plain || at.startsWith(`${plain}/`) }];
    if (kind !== 'glob') return [];
    const pattern = globPattern(plain);
    return [{ path, holds: (at: string) => pattern.test(at) }];
  });
  return (path) => kept.find(({ holds }) => holds(path.toLowerCase()))?.path ?? null;
}

/** `*` and `?` within a name, `**` across folders. Whatever else stands there means itself. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (sign) => {
    if (sign === '**/') return '(?:.*/)?';
    if (sign === '**') return '.*';
    if (sign === '*') return '[^/]*';
    return sign === '?' ? '[^/]' : `\\${sign}`;
  });
  return new RegExp(`^${source}$`);
}

/** What `fence.protected` closes to every order, forced or not: its entry, or null. */
export function closedByFence(station: Station): Protection {
  return (path) =>
    station.settings.fence.protected.find((entry) => {
      const plain = entry.replace(/^\.\//, '').replace(/\/+$/, '').toLowerCase();
      return path.toLowerCase() === plain || path.toLowerCase().startsWith(`${plain}/`);
    }) ?? null;
}

/** The files that settings call components: a snapshot holds them also where git ignores them. */
export function componentFiles(station: Station): string[] {
  return station.settings.guardrail.components.flatMap(({ kind, path }) =>
    kind === 'file' && typeof path === 'string' ? [path] : [],
  );
}
