import { join } from 'node:path';
import { expandHome } from '../platform/user.ts';
import type { Settings } from './settings.ts';

/** Where the worktrees of a station lie: outside the repository, beside those of other stations. */
export function worktreesFolder(settings: Settings, stationId: string): string {
  const state = process.env['XDG_STATE_HOME'];
  const usual = state?.startsWith('/') === true ? `${state}/waybill/worktrees` : '~/.local/state/waybill/worktrees';
  return join(expandHome(settings.worktrees.folder ?? usual), stationId);
}
