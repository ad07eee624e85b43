import { join, resolve } from 'node:path';
import { expandHome } from '../platform/user.ts';
import type { Station } from './station.ts';

/** Where the worktrees of a station lie: outside the repository, beside those of other stations. */
export function worktreesFolder({ id, layout, settings }: Pick<Station, 'id' | 'layout' | 'settings'>): string {
  const state = process.env['XDG_STATE_HOME'];
  const usual = state?.startsWith('/') === true ? `${state}/waybill/worktrees` : '~/.local/state/waybill/worktrees';
  return join(resolve(layout.root, expandHome(settings.worktrees.folder ?? usual)), id);
}
