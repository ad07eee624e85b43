import { delimiter, isAbsolute, join } from 'node:path';
import { fs, statIfThere, X_OK } from './fs.ts';

/** Whether this is a file that we may run. */
export function isExecutable(path: string): boolean {
  try {
    fs.accessSync(path, X_OK);
    return statIfThere(path)?.isFile() === true;
  } catch {
    return false;
  }
}

/** Where PATH has a program. A relative folder of PATH is not looked into: it is another one for each command. */
export function findProgram(name: string, path: string): string | undefined {
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}
