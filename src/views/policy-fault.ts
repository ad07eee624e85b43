import { asWaybillError } from '../order/error.ts';
import { loadPolicy } from '../policy/policy.ts';

/** Why nothing is started: policy.yaml cannot be used, and where it says so. Null where it can. */
export function policyFault(root: string): string | null {
  try {
    loadPolicy(root);
    return null;
  } catch (thrown) {
    const { message, place } = asWaybillError(thrown);
    const at = place?.line === undefined ? '' : `:${place.line}:${place.column ?? 1}`;
    return `nothing is started until policy.yaml is mended: policy.yaml${at}: ${message}`;
  }
}
