import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEEP_TMP_VARIABLE, REPORT_VARIABLE } from './report.ts';

const SCRUBBED = /^(GIT_|npm_|WAYBILL_|XDG_|LC_|LANG|LUKA_SOT$|INIT_CWD$|FORCE_COLOR$)/i;

/** What a person says to the tests themselves: keep folders, repeat a run of random input, strike at every n-th operation only. */
const KEPT: readonly string[] = [KEEP_TMP_VARIABLE, 'WAYBILL_SEED', 'WAYBILL_EVERY'];

const GIT_CONFIG = `[user]
	name = Test
	email = test@example.com
[init]
	defaultBranch = main
`;

/** The same small world for every test file, whoever starts the tests: nothing of the user's git, locale or npm. */
export function testEnvironment(home: string, reportFile: string): NodeJS.ProcessEnv {
  mkdirSync(home, { recursive: true });
  const gitConfig = join(home, '.gitconfig');
  writeFileSync(gitConfig, GIT_CONFIG);
  const kept = Object.entries(process.env).filter(([name]) => !SCRUBBED.test(name) || KEPT.includes(name));
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    GIT_CONFIG_GLOBAL: gitConfig,
    GIT_CONFIG_NOSYSTEM: '1',
    LC_ALL: 'C',
    TZ: 'UTC',
    NO_COLOR: '1',
    [REPORT_VARIABLE]: reportFile,
  };
}
