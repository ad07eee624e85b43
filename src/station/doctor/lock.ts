import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asWaybillError } from '../../order/error.ts';
import { writeUnsynced } from '../../platform/durable.ts';
import { fs, O_RDWR } from '../../platform/fs.ts';
import { nativePackage, tryLock } from '../../platform/native.ts';
import { runTool } from '../../platform/process.ts';
import { type Check, fault, fine, type Remark } from './finding.ts';
import { inTrialFolder } from './trial-folder.ts';

/** What the other process does: takes the lock if it can, and says whether it could. Its words come as arguments. */
const OTHER = `
const { openSync } = require('node:fs');
const { tryLock } = require(process.argv[1]);
process.stdout.write(String(tryLock(openSync(process.argv[2], 'r+'))));
`;

const OTHER_MS = 15_000;

/** Whether the native addon loads, and its lock keeps another process out. */
export const LOCK: Check = {
  name: 'lock',
  look: async () => {
    try {
      nativePackage();
    } catch {
      return [fault('fs-native-extensions is not installed', 'Install Waybill again: `npm ci`, or `npm install -g`.')];
    }
    return [(await inTrialFolder(tmpdir(), whyNoLock)) ?? fine('the native addon loads and its lock keeps others out')];
  },
};

/** Tries the kernel's lock between two processes on a file in this folder: a fault, or null where it works. */
export async function whyNoLock(folder: string): Promise<Remark | null> {
  const file = join(folder, 'lock');
  writeUnsynced(file, '');
  const other = async () => {
    const argv = [process.execPath, '-e', OTHER, nativePackage(), file];
    const { exitCode, stdout, stderr } = await runTool(argv, { cwd: folder, env: {}, timeoutMs: OTHER_MS });
    if (exitCode !== 0) throw new Error(`another process cannot lock: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    return stdout.toString('utf8') === 'true';
  };
  const mend = 'Waybill needs a platform with a prebuilt fs-native-extensions, and a disk whose locks work (no SMB).';
  const fd = fs.openSync(file, O_RDWR);
  try {
    if (!tryLock(fd)) return fault('a lock that nobody holds cannot be taken', mend);
    if (await other()) return fault('two processes hold the same lock at once', mend);
  } catch (thrown) {
    return fault(`the lock cannot be tried: ${asWaybillError(thrown).message}`, mend);
  } finally {
    fs.closeSync(fd);
  }
  return (await other()) ? null : fault('a lock is not free after its holder let go of it', mend);
}
