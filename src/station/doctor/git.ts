import { Git } from '../../git/git.ts';
import { type Check, fault, fine } from './finding.ts';
import { isOlder } from './node.ts';

/** The first git that syncs what it writes where it is asked to (`core.fsync`); older ones take the setting for a word they don't know. */
const OLDEST = [2, 36] as const;

const TIMEOUT_MS = 10_000;

/** Whether git is there, and new enough for everything that Waybill asks of it. */
export const GIT: Check = {
  name: 'git',
  look: async ({ path }) => {
    const { exitCode, stdout, stderr } = await new Git('/').try(['--version'], {
      env: { PATH: path },
      timeoutMs: TIMEOUT_MS,
    });
    const said = stdout.toString('utf8').trim();
    const version = /^git version (\d+\.\d+(?:\.\d+)*)/.exec(said)?.[1];
    if (exitCode === 127 || (exitCode !== 0 && /ENOENT/.test(stderr)))
      return [fault('there is no git on PATH', `Install git, or put its folder on PATH. PATH is ${path || 'empty'}.`)];
    if (version === undefined) {
      const why = (said || stderr.trim()).split('\n').at(-1) ?? '';
      return [fault(`git does not tell its version: ${why || `it ended with ${exitCode}`}`, 'Install git again.')];
    }
    if (isOlder(version, ...OLDEST))
      return [
        fault(
          `git ${version} does not sync what it writes: a power loss may take what was reported as done`,
          `Install git ${OLDEST.join('.')} or newer.`,
        ),
      ];
    return [fine(`git ${version}`)];
  },
};
