import type { Contradiction } from '../../documents/contradiction.ts';
import { asWaybillError } from '../../order/error.ts';
import type { Station } from '../../station/station.ts';

/** More than these are not looked up. */
const MOST = 2000;

/**
 * Of each commit, by any beginning of its id, whether the branch that is checked out has it in its history; null where git could not tell: it
 * failed, or the history here is cut short. Never throws.
 */
export async function commitsInHistory(
  { repo }: Station,
  ids: readonly string[],
): Promise<{ found: Map<string, boolean | null>; notChecked: Contradiction[] }> {
  const found = new Map<string, boolean | null>();
  if (ids.length === 0) return { found, notChecked: [] };
  const asked = ids.slice(0, MOST);
  try {
    const tip = repo.refs.checkedOut();
    const isShallow = (await repo.git.text(['rev-parse', '--is-shallow-repository'])) !== 'false';
    const wanted = new Set(asked);
    const lengths = [...new Set(asked.map((id) => id.length))];
    const seen = new Set<string>();
    if (tip !== null)
      for await (const id of repo.git.pieces(['rev-list', tip]))
        for (const length of lengths) if (wanted.has(id.slice(0, length))) seen.add(id.slice(0, length));
    for (const id of asked) found.set(id, seen.has(id) ? true : isShallow ? null : false);
    const unknown = asked.filter((id) => found.get(id) === null).length + ids.length - asked.length;
    if (unknown === 0) return { found, notChecked: [] };
    const why = isShallow ? 'the history here is cut short' : `more than ${MOST} are named`;
    // no worse than a commit that is missing
    return { found, notChecked: [told('warn', `${unknown} commits that documents name were not looked up: ${why}`)] };
  } catch (thrown) {
    return { found, notChecked: [told('block', `commits that documents name: ${asWaybillError(thrown).message}`)] };
  }
}

function told(severity: Contradiction['severity'], message: string): Contradiction {
  return { id: 'not-checked', severity, message, refs: [] };
}
