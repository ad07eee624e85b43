import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AgentName, PACKAGES } from './versions.ts';

/** An agent's folder with its programs, or why there is none. */
export type Installed = { readonly bin: string } | { readonly why: string };

/** Kept for the next time; other versions have another folder. */
export const CACHE = join(tmpdir(), `waybill-agents-${hash(JSON.stringify(PACKAGES))}`);

const MOST_MS = 8 * 60_000;

/** Installs an agent with npm, from the registry that npm has, unless it is there. Whole or not at all. */
export function install(name: AgentName): Installed {
  const folder = join(CACHE, name);
  const bin = join(folder, 'node_modules', '.bin');
  if (existsSync(bin)) return { bin };
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, `${name}-`));
  try {
    writeFileSync(join(fresh, 'package.json'), '{"private":true}');
    const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
    const { status, stderr, error } = spawnSync('npm', ['install', ...quiet, PACKAGES[name]], {
      cwd: fresh,
      encoding: 'utf8',
      timeout: MOST_MS,
      env: npmEnvironment(),
    });
    if (status !== 0) return { why: `npm install ${PACKAGES[name]}: ${error?.message ?? lastLine(stderr)}` };
    if (!existsSync(join(fresh, 'node_modules', '.bin'))) return { why: `${PACKAGES[name]} has no program` };
    renameSync(fresh, folder);
    return { bin };
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** What npm needs to find its registry; the packages' own install scripts see no more. */
function npmEnvironment(): Record<string, string> {
  const wanted = /^(npm_config_.*|https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file|home|tmpdir|lang)$/i;
  const kept = Object.entries(process.env).filter(([name]) => wanted.test(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), PATH: PATH() };
}

/** Where programs of the system are, and the node that runs this. */
export function PATH(): string {
  return [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
