import { basename, join } from 'node:path';
import { Git } from '../git/git.ts';
import { locateRepository, openRepository, openRepositoryToRead, type Repository } from '../git/repository.ts';
import { WaybillError } from '../order/error.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, exists, readIfThere, writeDurable } from '../platform/durable.ts';
import { shortRandom } from '../platform/ids.ts';
import { agentsReadme } from './agents-readme.ts';
import { excludeOwnPaths } from './exclude.ts';
import { type Layout, layoutOf } from './layout.ts';
import { policyText, presetText } from './presets.ts';
import { loadSettings, POLICY_FILE, SETTINGS_FILE, type Settings } from './settings.ts';

/** A station as it lies on disk, opened for reading. */
export interface Station {
  readonly id: string;
  readonly settings: Settings;
  readonly layout: Layout;
  readonly repo: Repository;
}

/** `waybill init`: makes the repository if there is none, writes waybill.yaml and policy.yaml unless they exist, and prepares the station. */
export async function initStation(folder: string, preset: string): Promise<{ station: Station; created: string[] }> {
  const text = presetText(preset);
  ensureDir(folder);
  const created: string[] = [];
  const found = await locateRepository(folder);
  if (found?.linked) {
    throw new WaybillError(
      'REPO_UNSUPPORTED',
      `${folder} is a linked work tree; its station belongs to ${found.root}`,
      { hint: `Run \`waybill init ${found.root}\`.` },
    );
  }
  if (found === null) {
    await new Git(folder).run(['init', '--quiet']);
    created.push('.git');
  } else await openRepository(folder); // refuses before anything is written into a repository that cannot be a station
  const settingsFile = join(folder, SETTINGS_FILE);
  if (!exists(settingsFile)) {
    writeDurable(settingsFile, text);
    created.push(SETTINGS_FILE);
  } else if (preset !== 'default' && readIfThere(settingsFile)?.toString('utf8') !== text) {
    throw new WaybillError('SETTINGS_INVALID', `${settingsFile} exists, so the preset ${preset} cannot be written`, {
      hint: 'Remove it, or run `waybill init` without --preset.',
      place: { file: SETTINGS_FILE },
    });
  }
  if (writePolicy(folder, preset)) created.push(POLICY_FILE);
  const { station, created: more } = await prepareStation(folder);
  return { station, created: [...created, ...more] };
}

/**
 * Brings a root with a waybill.yaml (a fresh clone has nothing else) into the form a station process needs: live folder, id, lanes,
 * exclusions, bridge/README.md. Idempotent. Throws what openRepository, loadSettings and excludeOwnPaths throw.
 */
export async function prepareStation(root: string): Promise<{ station: Station; created: string[] }> {
  const settings = loadSettings(root);
  const repo = await openRepository(root);
  const layout = layoutOf(repo.root, repo.gitDir, settings);
  const created: string[] = [];
  await excludeOwnPaths(repo, settings);
  for (const folder of [layout.live, layout.ledger, layout.claimed, layout.commands, layout.tmp, layout.state])
    ensureDir(folder);
  if (!exists(layout.stationFile)) {
    // a first start here; a policy that goes away later stops the station instead (rule 7)
    if (writePolicy(root, 'default')) created.push(POLICY_FILE);
    const id = `${slug(basename(repo.root))}-${shortRandom(4)}`;
    writeDurable(layout.stationFile, `${JSON.stringify({ v: 1, id, created_at: now() }, null, 2)}\n`);
  }
  for (const lane of new Set([settings.defaultLane, ...Object.keys(settings.lanes)])) {
    if (ensureDir(join(layout.inbox, lane)).length > 0) created.push(`${settings.paths.inbox}/${lane}/`);
    ensureDir(join(layout.outbox, lane));
  }
  const readme = join(repo.root, 'bridge', 'README.md');
  if (!exists(readme)) {
    ensureDir(join(repo.root, 'bridge'));
    writeDurable(readme, agentsReadme(settings));
    created.push('bridge/README.md');
  }
  return { station: { id: stationId(layout), settings, layout, repo }, created };
}

/** Writes policy.yaml as a preset has it, unless there is one; tells whether it did. Throws UNKNOWN_PRESET. */
export function writePolicy(root: string, preset: string): boolean {
  const file = join(root, POLICY_FILE);
  if (exists(file)) return false;
  writeDurable(file, policyText(preset));
  return true;
}

/** Opens a station. Throws NO_STATION when it was never prepared. */
export async function openStation(root: string): Promise<Station> {
  return stationIn(root, await openRepository(root));
}

/** The same for who writes nothing: see openRepositoryToRead. */
export async function openStationToRead(root: string): Promise<Station> {
  return stationIn(root, await openRepositoryToRead(root));
}

function stationIn(root: string, repo: Repository): Station {
  const settings = loadSettings(root);
  const layout = layoutOf(repo.root, repo.gitDir, settings);
  return { id: stationId(layout), settings, layout, repo };
}

/** The station's id, as it was made at its first start. Throws NO_STATION. */
export function stationId(layout: Layout): string {
  const text = readIfThere(layout.stationFile)?.toString('utf8');
  if (text === undefined)
    throw new WaybillError('NO_STATION', `${layout.root} has settings, but was never started`, {
      hint: 'Run `waybill init` or `waybill up`.',
    });
  const value: unknown = JSON.parse(text);
  if (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    /^[a-z0-9][a-z0-9-]{0,63}$/.test(value.id)
  )
    return value.id;
  throw new WaybillError('NO_STATION', `${layout.stationFile} does not name a station`);
}

function slug(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 40) || 'station'
  );
}
