/** What stands in place of a secret. */
const CUT = '[secret removed]';

/** Forms that are secrets wherever they stand: keys and tokens with a known prefix, bearer headers, key blocks, passwords in URLs. */
const PATTERNS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /\bAKIA[A-Z0-9]{16}\b/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g,
  /(?<=\b[Bb]earer\s+)[A-Za-z0-9._~+/-]{8,}=*/g,
  /(?<=:\/\/[^\s/:@]{1,100}:)[^\s/@]{3,}(?=@)/g,
];

/** Names of variables whose values are secrets. */
const SECRET_NAME = /(SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|CREDENTIAL)/i;

/**
 * Cuts what looks like a secret out of a command's output, before it is recorded anywhere: known forms, and the values of variables
 * that the station's environment holds under a secret-looking name or that settings name. Works on Latin-1, so other bytes stay.
 */
export function redact(bytes: Buffer, environment: NodeJS.ProcessEnv, hide: readonly string[]): Buffer {
  let text = bytes.toString('latin1');
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value.length < 6 || !(hide.includes(name) || SECRET_NAME.test(name))) continue;
    text = text.replaceAll(Buffer.from(value, 'utf8').toString('latin1'), CUT);
  }
  for (const pattern of PATTERNS) text = text.replace(pattern, CUT);
  return Buffer.from(text, 'latin1');
}
