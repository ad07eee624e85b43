import { homedir, userInfo } from 'node:os';
import { readIfThere } from './durable.ts';

/** The name of a user id: our own from the system, others from /etc/passwd, null where neither knows. */
export function userName(uid: number): string | null {
  const own = ownUser();
  if (own !== null && own.uid === uid) return own.username;
  const line = readIfThere('/etc/passwd')
    ?.toString('utf8')
    .split('\n')
    .find((entry) => entry.split(':')[2] === String(uid));
  return line?.split(':')[0] ?? null;
}

/** Who we are, asked once; null where the system knows no name for our uid (a container started with another one). */
function ownUser(): { uid: number; username: string } | null {
  if (own === undefined) {
    try {
      own = userInfo();
    } catch {
      own = null;
    }
  }
  return own;
}

let own: { uid: number; username: string } | null | undefined;

/** `~` and `~/…` as the home folder of the user that runs the station. */
export function expandHome(path: string): string {
  if (path === '~') return homedir();
  return path.startsWith('~/') ? `${homedir()}/${path.slice(2)}` : path;
}

/** Who runs this process, as the system names them; their number where it knows no name. */
export function currentUser(): string {
  const uid = process.geteuid?.() ?? -1;
  return userName(uid) ?? String(uid);
}
