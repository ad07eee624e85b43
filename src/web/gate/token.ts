import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The secret of one dashboard process: whoever has it may act. We write it into no file; where standard output goes into one, as a service's goes
 * into the journal, programs of the same user read it there. So it is not what lets people decide: that takes a terminal too (started-at.ts).
 */
export class Token {
  readonly text = randomBytes(24).toString('base64url');
  /** What each form carries: it shows that the form is ours, and opens nothing by itself. */
  readonly csrf = createHash('sha256').update(`csrf ${this.text}`).digest('base64url');

  is(given: string | undefined): boolean {
    return same(given, this.text);
  }

  isCsrf(given: unknown): boolean {
    return typeof given === 'string' && same(given, this.csrf);
  }
}

function same(given: string | undefined, wanted: string): boolean {
  if (given === undefined) return false;
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
