import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { GuardedPlace } from '../../../src/policy/commands/never.ts';
import type { TestContext } from '../../support/suite.ts';

/** Programs that are there, as files that do nothing: what is recognised must not depend on the machine. */
const PROGRAMS = `apt-get awk base64 bash bun busybox cargo cat chmod chroot command cp curl dash dd deno docker echo ed
  emacs env expect find flock gdb git git-push go grep head install ionice just less ln ls make mkdir mv nc nice node nohup
  npm npx nsenter openssl osascript parallel perl php pip pnpm podman prettier printf pytest python3 rm rsync ruby scp
  script sed setpriv setsid sh sort split sqlite3 ssh ssh-keygen stdbuf strace su sudo systemd-run tail tar taskset tee
  test time timeout true tsc tsx unshare vim watch waybill wc wget xargs yarn zip zsh`.split(/\s+/);

/** The home folder that hostile commands speak of; it need not be there. */
export const HOME = '/home/ann';

/** A tree with a git folder and some files, programs beside it, and a PATH with only these. */
export function placeFor(t: TestContext): GuardedPlace {
  const around = realpathSync(t.tempDir());
  const bin = join(around, 'bin');
  const root = join(around, 'repo');
  for (const folder of [bin, join(root, '.git/hooks'), join(root, 'scripts')]) mkdirSync(folder, { recursive: true });
  for (const name of PROGRAMS) program(join(bin, name));
  symlinkSync('sudo', join(bin, 'innocent'));
  program(join(root, 'git'));
  program(join(root, 'scripts/run.sh'));
  for (const name of ['package.json', 'Makefile', 'policy.yaml', 'waybill.yaml', 'notes.txt', 'scripts/check.mjs'])
    put(join(root, name));
  return { cwd: root, root, path: bin, home: HOME, gitDir: join(root, '.git'), hooksPath: null };
}

/** A file that can be started. */
export function program(path: string): void {
  put(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
}

export function put(path: string, text = ''): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
