import type { Git } from './git.ts';

/** Who commits where git knows nobody: a machine without user.name and user.email. */
const NOBODY = 'Waybill <waybill@localhost>';

/** The committer from git config, as git writes it: `Name <mail> seconds +0000`. */
export async function committerIdent(git: Git): Promise<string> {
  const result = await git.try(['var', 'GIT_COMMITTER_IDENT']);
  const name = /^(.*<.*>) \d+ [+-]\d{4}$/m.exec(result.stdout.toString('utf8'))?.[1];
  return `${result.exitCode === 0 && name !== undefined ? name : NOBODY} ${Math.floor(Date.now() / 1000)} +0000`;
}
