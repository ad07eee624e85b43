import { join } from 'node:path';
import { asWaybillError, WaybillError } from '../order/error.ts';
import { lstatIfThere } from '../platform/fs.ts';
import { POLICY_FILE } from '../station/settings.ts';
import { loadPolicy, type Policy } from './policy.ts';

/** policy.yaml as it counts in a station that runs: read again when the file is another, and closed while it cannot be used (rule 7). */
export class PolicyFile {
  readonly #root: string;
  #seen = '';
  #policy: Policy | null = null;
  #fault: WaybillError | null = null;

  constructor(root: string) {
    this.#root = root;
    this.reload();
  }

  /** Null while it cannot be used; then nothing is started. */
  get policy(): Policy | null {
    return this.#policy;
  }

  /** Why it cannot be used. */
  get fault(): WaybillError | null {
    return this.#fault;
  }

  /** Throws POLICY_INVALID while it cannot be used. */
  require(): Policy {
    if (this.#policy === null) throw this.#fault ?? new WaybillError('POLICY_INVALID', `${POLICY_FILE} was not read`);
    return this.#policy;
  }

  /** Looks whether the file is another by now, and reads it. True where something else counts than before. */
  reload(): boolean {
    const stat = lstatIfThere(join(this.#root, POLICY_FILE));
    const seen = `${stat?.ino}:${stat?.size}:${stat?.mtimeMs}:${stat?.ctimeMs}`;
    // a fault of the machine may be over without the file being another
    if (seen === this.#seen && this.#fault === null) return false;
    this.#seen = seen;
    const before = this.#policy?.sha256 ?? this.#fault?.message;
    try {
      this.#policy = loadPolicy(this.#root);
      this.#fault = null;
    } catch (thrown) {
      this.#policy = null;
      this.#fault = asWaybillError(thrown);
    }
    return (this.#policy?.sha256 ?? this.#fault?.message) !== before;
  }
}
