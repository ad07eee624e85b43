/** What stands for a secret in documents and templates. */
const PLACEHOLDER =
  /change[_-]?me|example|placeholder|your[_-]|dummy|redacted|xxxx|\*\*\*|\.\.\.|replace[_-]|insert[_-]|todo|process\.env|os\.environ|^(?:pass(?:word|wd)?|secret|token|user|test|foo|bar|null|none|undefined)$/i;

export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text) || new Set(text).size <= 3;
}

/** The least bits of a sign, counted over the text, that words and names in general don't reach together with the other rules. */
const LEAST_BITS = 3;

/**
 * Whether a literal looks as if chance had made it: letters and digits mixed, many different signs. Names, paths, versions and words in a
 * row are none; so a password of words is not found.
 */
export function isRandom(text: string): boolean {
  // what fails most often, and costs least, comes first: hostile texts are full of almost-secrets
  if (!/\d.*\d/.test(text) || !/[A-Za-z].*[A-Za-z]/.test(text) || /^(?:\/|\.{1,2}\/|~)/.test(text)) return false;
  // config.token2, someName12, my-app-secret-v12
  if (/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/.test(text) || /^[A-Za-z]+\d{0,4}$/.test(text)) return false;
  if (text.split(/[-_./@=]/).every((part) => /^(?:[A-Za-z]{0,20}|v?\d{1,4})$/.test(part))) return false;
  return !isPlaceholder(text) && bitsASign(text) >= LEAST_BITS;
}

/** Shannon's entropy of the signs. */
function bitsASign(text: string): number {
  const counts = new Map<string, number>();
  for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
