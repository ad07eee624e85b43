import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, type TestStation } from './station.ts';
import type { TestContext } from './suite.ts';

/** What came of a command of the built program at a terminal. */
export interface Typed {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a command of the built program at a terminal of its own, where somebody types these lines. */
export function atTerminal(
  station: TestStation,
  typed: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Typed {
  const line = [process.execPath, CLI, ...args].map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ');
  const { status, stdout, stderr } = spawnSync('script', ['-qec', line, '/dev/null'], {
    cwd: station.root,
    encoding: 'utf8',
    input: typed,
    env: { ...env, NO_COLOR: '1' },
  });
  return { code: status, output: `${stdout}${stderr}`.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '') };
}

/** A new SSH key, without a passphrase, and its public half as policy.yaml has it. */
export function newKey(t: TestContext, name = 'key'): { file: string; publicKey: string } {
  const file = join(t.tempDir(), name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@test`, '-f', file]);
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
}

/** What an order asks now, as its state file has it. */
export function askOf(
  station: TestStation,
  woId: string,
): { ask: string; sha256: string; claim: string; changed: string[] } {
  const asked = station.state(woId).meta['approval'];
  if (asked === undefined) throw new Error(`${woId} asks for nothing: ${station.state(woId).status}`);
  return asked as { ask: string; sha256: string; claim: string; changed: string[] };
}

/** Puts a decision before the station as a file, as a program that wants to forge one would. */
export function forge(station: TestStation, woId: string, document: Record<string, unknown>): string {
  const { ask, sha256 } = askOf(station, woId);
  const name = `01ZZZZZZZZZZZZZZZZZZZZ${String(forged++).padStart(4, '0')}.json`;
  const command = {
    v: 1,
    command: 'decide',
    at: new Date().toISOString(),
    wo_id: woId,
    ask,
    sha256,
    decision: 'approve',
  };
  station.write(`.git/waybill/commands/${name}`, JSON.stringify({ ...command, ...document }));
  return name.replace('.json', '.refused.json');
}

let forged = 1;

/** Why the station refused a forged decision. */
export function refusalOf(station: TestStation, name: string): { code: string; message: string } {
  return JSON.parse(station.read(`.git/waybill/commands/${name}`)) as { code: string; message: string };
}
