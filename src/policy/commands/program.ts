import { isAbsolute, join, resolve } from 'node:path';
import { errno, fs, statIfThere } from '../../platform/fs.ts';
import { isExecutable } from '../../platform/programs.ts';

/**
 * The real path, all links resolved, of the program that exec or a shell would start: a name with a / from `cwd`, any other along
 * `pathVariable`. Null where there is none, where it is no executable regular file, and where an empty or relative entry of
 * `pathVariable` would have given one: those mean whatever folder one is in.
 */
export function findProgram(name: string, cwd: string, pathVariable: string): string | null {
  if (name === '' || name.includes('\0')) return null;
  if (name.includes('/')) return executable(resolve(cwd, name));
  for (const folder of pathVariable.split(':')) {
    const isFixed = isAbsolute(folder);
    const found = executable(isFixed ? join(folder, name) : resolve(cwd, folder, name));
    if (found !== null) return isFixed ? found : null;
  }
  return null;
}

function executable(path: string): string | null {
  const real = realIfThere(path);
  return real !== null && isExecutable(real) ? real : null;
}

/** The real path of what a path leads to; null where that is nothing, or cannot be reached by us. */
export function realIfThere(path: string): string | null {
  // asked first, because most are not there and an error costs much more than an answer
  return withoutErrors(() => (statIfThere(path) === undefined ? null : fs.realpathSync(path)));
}

/** Not ours to look at, a circle of links, a name too long: nothing would be started or read there. */
function withoutErrors<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (errno(error) !== undefined) return null;
    throw error;
  }
}
