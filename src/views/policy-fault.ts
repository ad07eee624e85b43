import { asWaybillError } from '../order/error.ts';
import { loadPolicy } from '../policy/policy.ts';

/** Why nothing is started: policy.yaml cannot be used, where it says so, and what to do. Null where it can. */
export function policyFault(root: string): string | null {
  try {
    loadPolicy(root);
    return null;
  } catch (thrown) {
    const { message, hint, place } = asWaybillError(thrown);
    const at = place?.line === undefined ? '' : `:${place.line}:${place.column ?? 1}`;
    return `nothing is started until policy.yaml is mended: policy.yaml${at}: ${message}. ${hint}`;
  }
}
