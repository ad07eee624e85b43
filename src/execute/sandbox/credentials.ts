import { join } from 'node:path';
import { credentialPlaces } from '../../policy/credentials.ts';

/** More of the same programs' folders than their credentials, and names that only begin as a known one does: nothing in a sandbox needs them. */
const WIDER = [
  ...[
    '.docker',
    '.kube',
    '.config/containers',
    '.terraform.d',
    '.cargo/credentials.toml',
    '.nuget',
    '.pip',
    '.config/pip',
  ],
  // coding agents
  ...['.claude', '.claude.json', '.codex', '.gemini', '.config/opencode', '.local/share/opencode'],
] as const;

/** Folders and files of this home folder that a command of an order has no business with, whether they are there or not. */
export function hiddenPlaces(home: string): string[] {
  return [...credentialPlaces(home), ...WIDER.map((place) => join(home, place))];
}
