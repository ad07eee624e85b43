import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, wrap } from '../../platform/sandbox/sandbox.ts';
import { agentSettings } from '../../station/agents-folder.ts';
import { ownPaths, ownPatterns } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { hiddenPlaces } from './credentials.ts';

/** What the commands of an order run in. */
export interface CommandSandbox {
  readonly name: Sandbox['name'];
  /** The argv that runs `argv` in it, beginning in `cwd`. Throws IO_ERROR. */
  wrap(argv: readonly string[], cwd: string): string[];
}

/** What policy says of a sandbox: where they work, and what they may reach beside that. Absolute paths. */
export interface CommandReach {
  /** The root of the work tree that is theirs for the order: the station's own, or a linked one. */
  readonly folder: string;
  readonly network: boolean;
  /** More that they may write: caches of compilers and package managers. */
  readonly writable?: readonly string[];
  /** More that they must not read. */
  readonly hidden?: readonly string[];
}

/** Read again by whoever works here next, the station included: a command that writes them would have its say outside. */
const RULES = ['waybill.yaml', 'policy.yaml'];

/**
 * The sandbox for an order's commands: they write in their work tree, and not in what git and the station keep in it. They read what the user of
 * the station reads, but for credentials and what only the station process is to see: claims, command files, the ledger.
 */
export function commandSandbox(
  station: Pick<Station, 'settings' | 'layout'>,
  sandbox: Sandbox,
  { folder, network, writable = [], hidden = [] }: CommandReach,
): CommandSandbox {
  const { root, gitDir, live } = station.layout;
  return {
    name: sandbox.name,
    wrap: (argv, cwd) => {
      const shown = ownPatterns(station.settings).filter((pattern) => !pattern.includes('*'));
      const own = [...RULES, ...agentSettings(root), ...ownPaths(station.settings), ...shown].map((path) =>
        join(root, path),
      );
      return wrap(sandbox, argv, {
        writable: [folder, ...writable],
        // the link of a linked work tree says which hooks and filters git runs there
        readOnly: [...(folder === root ? [] : [root]), gitDir, join(folder, '.git'), ...own],
        hidden: [live, ...hiddenPlaces(homedir()), ...hidden],
        network,
        cwd,
      });
    },
  };
}
