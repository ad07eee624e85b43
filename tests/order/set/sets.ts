import { WaybillError } from '../../../src/order/error.ts';
import type { SetFormat } from '../../../src/order/order.ts';
import type { Key } from '../../../src/order/set/key.ts';
import { applySet } from '../../../src/order/set/set.ts';
import { assert } from '../../support/suite.ts';

/** Sets one key of a text, as an order would. */
export function setIn(format: SetFormat, text: string, key: Key, value: unknown): string {
  return applySet(Buffer.from(text, 'utf8'), { action: 'set', path: 'f', key, value, format }).toString('utf8');
}

/** Expects SET_FAILED that names the file, the key and why. */
export function assertRefused(set: () => unknown, why: RegExp, note?: string): void {
  assert.throws(
    set,
    (error: unknown) =>
      error instanceof WaybillError &&
      error.code === 'SET_FAILED' &&
      error.message.startsWith('f: ') &&
      why.test(error.message),
    note,
  );
}
