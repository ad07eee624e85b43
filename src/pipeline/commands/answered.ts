import { type ErrorCode, WaybillError } from '../../order/error.ts';
import { pause } from '../../platform/clock.ts';
import { exists, readIfThere, removeDurable } from '../../platform/durable.ts';

/** Waits until the station took a command; throws what it refused it with. False when it did not come to it in time. */
export async function answered(path: string, timeoutMs: number): Promise<boolean> {
  const refused = path.replace(/\.json$/, '.refused.json');
  for (const until = Date.now() + timeoutMs; Date.now() < until; await pause(25)) {
    const refusal = readIfThere(refused)?.toString('utf8');
    if (refusal !== undefined) {
      removeDurable(refused);
      const { code, message, hint } = JSON.parse(refusal) as { code: ErrorCode; message: string; hint: string };
      throw new WaybillError(code, message, { hint });
    }
    if (!exists(path)) return true;
  }
  return false;
}
