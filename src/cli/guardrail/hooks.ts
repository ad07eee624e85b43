import { relative } from 'node:path';
import pc from 'picocolors';
import { type HookState, type Hooks, hooksStatus, installHooks, uninstallHooks } from '../../git/hooks.ts';
import { ensureDir } from '../../platform/durable.ts';
import { lastLines } from '../../platform/jsonl.ts';
import { EXIT, plain, print, printJson, usage } from '../output.ts';
import { stationToRead } from '../station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

const LAST = 5;

/** `hooks install`, `uninstall` and `status`. Exits 1 when not all could be installed. */
export async function hooks(what: string, options: Options): Promise<void> {
  const run = { install: installHooks, uninstall: uninstallHooks, status: hooksStatus }[what];
  if (run === undefined) throw usage(`hooks knows install, uninstall and status, not ${JSON.stringify(what)}`);
  const { repo, layout } = await stationToRead(options);
  if (what === 'install') ensureDir(layout.live);
  const found = await run(repo);
  const isAll = found.hooks.every(({ state }) => state === 'ours');
  if (what === 'install' && !isAll) process.exitCode = EXIT.failed;
  if (options.json) return printJson({ ok: process.exitCode === undefined, ...found, log: layout.hooksLog });
  show(found, layout.root);
  if (what === 'status') for (const line of lastLines(layout.hooksLog, LAST)) print(pc.dim(plain(line)));
}

function show({ folder, hooks: all }: Hooks, root: string): void {
  print(`in ${relative(root, folder) || folder}:`);
  for (const hook of all) print(`  ${hook.name.padEnd(22)} ${words(hook)}`);
}

function words({ state, keeps, why }: HookState): string {
  if (why !== null) return `${pc.yellow('left alone')}: ${plain(why)}`;
  if (state === 'ours') return `${pc.green('installed')}${keeps ? ', and calls the one that was there before' : ''}`;
  return state === 'other' ? 'another hook, and none of ours' : 'none';
}
