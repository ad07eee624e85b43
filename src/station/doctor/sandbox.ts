import { lookForSandbox } from '../../platform/sandbox/find.ts';
import { type Check, fault, fine, type Remark, warning } from './finding.ts';

/** Whether commands can run in a sandbox. A machine without one is at fault only where policy requires one. */
export const SANDBOX: Check = {
  name: 'sandbox',
  look: async ({ path, proc, sandbox: wish }) => {
    const { sandbox, why, mend } = await lookForSandbox({ path, platform: process.platform, proc });
    if (sandbox !== null) return [fine(`commands can run in a sandbox: ${sandbox.program} works here`)];
    const remedy = `${mend} Then restart the station.`;
    const remark: Record<typeof wish, () => Remark> = {
      off: () => ({ ok: 'ok', message: `no sandbox for commands, and policy asks for none: ${why}`, mend: remedy }),
      prefer: () => warning(`policy prefers a sandbox for commands, and they run without one: ${why}`, remedy),
      require: () => fault(`policy requires a sandbox, so no command runs: ${why}`, remedy),
    };
    return [remark[wish]()];
  },
};
