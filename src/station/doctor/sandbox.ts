import { lookForSandbox } from '../../platform/sandbox/find.ts';
import { type Check, fault, fine, warning } from './finding.ts';

/** Whether commands can run in a sandbox. A machine without one is at fault only where policy requires one. */
export const SANDBOX: Check = {
  name: 'sandbox',
  look: async ({ path, proc, policy }) => {
    const wish = policy?.sandbox ?? 'off';
    const { sandbox, why, mend } = await lookForSandbox({ path, platform: process.platform, proc });
    if (sandbox !== null) return [fine(`commands can run in a sandbox: ${sandbox.program} works here`)];
    if (wish === 'off') return [fine(`policy asks for no sandbox for commands, and there is none: ${why}. ${mend}`)];
    const remedy = `${mend} Then restart the station.`;
    return wish === 'require'
      ? [fault(`policy requires a sandbox, so no command runs: ${why}`, remedy)]
      : [warning(`policy prefers a sandbox for commands, and they run without one: ${why}`, remedy)];
  },
};
