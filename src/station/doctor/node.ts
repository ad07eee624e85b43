import { oldestNode, VERSION } from '../version.ts';
import { type Check, fault, fine } from './finding.ts';

/** Whether this Node is one that Waybill runs on. */
export const NODE: Check = {
  name: 'node',
  look: () => {
    const what = `Node ${process.versions.node}, ${process.platform} ${process.arch}, waybill ${VERSION}`;
    const [major, minor] = oldestNode();
    if (isOlder(process.versions.node, major, minor))
      return [fault(what, `Waybill needs Node ${major}.${minor} or newer: install one, and reinstall the services.`)];
    return [fine(what)];
  },
};

/** Whether a version such as 2.39.5 is older than `major.minor`. */
export function isOlder(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a < major || (a === major && b < minor);
}
