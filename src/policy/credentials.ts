import { posix } from 'node:path';

/** Where programs keep what lets them act as a person. Names as they stand in a home folder; `*` ends a name of any ending. */
const PLACES = paths(`
  .ssh .gnupg .aws .azure .kube/config .docker/config.json .netrc .git-credentials .npmrc .pypirc .pgpass .my.cnf
  .vault-token .password-store .s3cfg .boto .huggingface/token .cache/huggingface/token .terraformrc
  .config/gcloud .config/gh .config/glab-cli .config/hub .config/git/credentials .config/op .config/rclone
  .authinfo .authinfo.gpg .oci .config/doctl .fly .pki .1password .config/github-copilot .yarnrc.yml
  .composer/auth.json .config/composer/auth.json .gradle/gradle.properties
  .config/containers/auth.json .config/sops .m2/settings.xml .m2/settings-security.xml
  .cargo/credentials* .gem/credentials .terraform.d/credentials* .local/share/keyrings .local/share/kwalletd
  .claude/.credentials.json .codex/auth.json .gemini/oauth_creds.json .local/share/opencode/auth.json
  .mozilla .thunderbird .config/google-chrome* .config/chromium .config/BraveSoftware .config/microsoft-edge* .config/vivaldi
  .config/opera snap/firefox snap/chromium .var/app/org.mozilla.firefox .var/app/com.google.chrome
  Library/Keychains Library/Cookies Library/Safari Library/Mozilla Library/Application%20Support/Google/Chrome
  Library/Application%20Support/Chromium Library/Application%20Support/Firefox Library/Application%20Support/Arc
  Library/Application%20Support/BraveSoftware Library/Application%20Support/Microsoft%20Edge
`);

const IN_SYSTEM = paths(`
  etc/shadow* etc/gshadow* etc/sudoers* etc/krb5.keytab etc/ssh/ssh_host_* etc/master.passwd library/keychains
  run/secrets var/run/secrets proc/*/environ proc/*/task/*/environ proc/*/mem
`);

/** The same for comparing: some disks don't tell capitals. */
const IN_HOMES = PLACES.map((parts) => parts.map((part) => part.toLowerCase()));

/** Home folders of anybody: another user's keys are no less somebody's. */
const HOMES = paths('root var/root home/* users/*');

function paths(text: string): readonly (readonly string[])[] {
  return text
    .trim()
    .split(/\s+/)
    .map((path) => path.replaceAll('%20', ' ').split('/'));
}

/** These places in one home folder, absolute, whether they are there or not; of a name of any ending its beginning. */
export function credentialPlaces(home: string): string[] {
  return PLACES.map((parts) => posix.join(home, ...parts).replace(/\*$/, ''));
}

/**
 * Whether an absolute path is, or lies below, one of the well-known places of credentials: in the home folder `home`, in that of any
 * other user, or in the system's. Only the name is looked at, without regard to case and with `..` resolved; the name may hold globs,
 * and then counts if it could match.
 */
export function isCredentialPath(absolute: string, home: string): boolean {
  const parts = partsOf(absolute);
  if (IN_SYSTEM.some((known) => covers(known, parts))) return true;
  return [partsOf(home), ...HOMES].some(
    (folder) =>
      // a station of root's with the home / would make every folder a home
      folder.length > 0 && covers(folder, parts) && IN_HOMES.some((known) => covers(known, parts.slice(folder.length))),
  );
}

function partsOf(absolute: string): string[] {
  const parts = posix
    .resolve('/', absolute)
    .toLowerCase()
    .split('/')
    .filter((part) => part !== '');
  // other names of the same tree: a process's root on Linux, the system volume on macOS
  if (parts[0] === 'proc' && parts[2] === 'root') return parts.slice(3);
  if (parts[0] === 'private') return parts.slice(1);
  if (parts[0] === 'system' && parts[1] === 'volumes' && parts[2] === 'data') return parts.slice(3);
  return parts;
}

function covers(known: readonly string[], parts: readonly string[]): boolean {
  return known.length <= parts.length && known.every((name, i) => fits(name, parts[i] ?? ''));
}

/** Whether a known name, which may end in `*`, can be what a part of a path says, which may be a glob. */
function fits(name: string, part: string): boolean {
  if (name.endsWith('*')) return part.startsWith(name.slice(0, -1)) || isGlobOf(part, name.slice(0, -1));
  return part === name || isGlobOf(part, name);
}

/** Whether `part` is a glob of a shell that matches `name`: no wildcard stands for a leading dot. */
export function isGlobOf(part: string, name: string): boolean {
  if (!/[*?[]/.test(part)) return false;
  if (name.startsWith('.') && !part.startsWith('.')) return false;
  const stars = part.replace(/\*+/g, '*').slice(0, 200);
  return globMatches(stars, 0, name, 0);
}

/** By hand, because a pattern from outside made into an expression can take for ever. */
function globMatches(glob: string, g: number, name: string, n: number): boolean {
  let at = g;
  let here = n;
  let star = -1;
  let marked = 0;
  while (here < name.length) {
    const c = glob[at];
    const end = c === '[' ? glob.indexOf(']', at + 2) : -1;
    if (c === '*') {
      star = at;
      marked = here;
      at += 1;
    } else if (c === '?' || c === name[here]) {
      at += 1;
      here += 1;
    } else if (end !== -1) {
      // what a bracket holds is not looked at: it may match
      at = end + 1;
      here += 1;
    } else if (star !== -1) {
      at = star + 1;
      marked += 1;
      here = marked;
    } else return false;
  }
  while (glob[at] === '*') at += 1;
  return at === glob.length;
}
