import { createRequire } from 'node:module';

/** What fs-native-extensions gives us; it ships no types. */
interface Native {
  tryLock(fd: number): boolean;
  unlock(fd: number): void;
  swapSync(from: string, to: string): void;
}

let loaded: Native | undefined;

/** Loaded by require, and when first used: the package is CommonJS with a native addon that its index finds by itself. */
function native(): Native {
  loaded ??= createRequire(import.meta.url)('fs-native-extensions') as Native;
  return loaded;
}

/** Where the addon's package lies, for another process that is to load it. Throws where it is not installed. */
export function nativePackage(): string {
  return createRequire(import.meta.url).resolve('fs-native-extensions');
}

/** Takes the kernel's lock on an open file, or returns false. Freed when the holder dies, kept while it is stopped. */
export function tryLock(fd: number): boolean {
  return native().tryLock(fd);
}

/** Exchanges two names atomically: at no instant is either missing. */
export function swap(a: string, b: string): void {
  native().swapSync(a, b);
}
