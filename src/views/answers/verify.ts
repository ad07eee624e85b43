import { WaybillError } from '../../order/error.ts';
import { runTool } from '../../platform/process.ts';
import type { Station } from '../../station/station.ts';
import { ENTRY } from '../../station/version.ts';
import { stateOf } from '../order-state.ts';

/** Long enough for a ledger of a million records. */
const VERIFY_MS = 600_000;

/** Verifications that are under way: who asks the same meanwhile gets the same answer, and they go one after the other. */
const underWay = new Map<string, Promise<object>>();
let last: Promise<unknown> = Promise.resolve();

/**
 * What `waybill verify ID --json` says, from a process of its own: it reads the whole ledger, and whoever looks on here meanwhile must not
 * wait for that. Throws UNKNOWN_ORDER, INTERNAL.
 */
export async function verifiedApart(station: Station, woId: string, withCommits: boolean): Promise<object> {
  const { wo_id: id } = await stateOf(station, woId);
  const key = `${station.layout.root} ${id} ${withCommits}`;
  const under = underWay.get(key);
  if (under !== undefined) return under;
  const answer = last.then(() => verified(station.layout.root, id, withCommits));
  underWay.set(key, answer);
  last = answer.catch(() => {}).finally(() => underWay.delete(key));
  return answer;
}

async function verified(root: string, woId: string, withCommits: boolean): Promise<object> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const argv = [process.execPath, ENTRY, 'verify', woId, '--station', root, '--json'];
  const { stdout, stderr } = await runTool(withCommits ? argv : [...argv, '--skip-commits'], {
    cwd: root,
    env,
    timeoutMs: VERIFY_MS,
  });
  const said = readAnswer(stdout.toString('utf8'));
  if (said === null || 'error' in said)
    throw new WaybillError(
      'INTERNAL',
      `${woId} could not be verified: ${reasonIn(said) ?? stderr.trim().slice(0, 500)}`,
    );
  return said;
}

function readAnswer(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'ok' in value ? value : null;
  } catch {
    return null;
  }
}

function reasonIn(said: object | null): string | null {
  const error: unknown = said !== null && 'error' in said ? said.error : null;
  const message: unknown = typeof error === 'object' && error !== null && 'message' in error ? error.message : null;
  return typeof message === 'string' ? message : null;
}
