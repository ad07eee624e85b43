/** What a program in a sandbox may reach. All paths are absolute. Where one lies in another the inner one counts. */
export interface SandboxNeeds {
  /** What it may write: its work folder, in general. Folders above which it can write may be moved under our feet, so none of those. */
  readonly writable: readonly string[];
  /** What it may read and not write, though it lies in a writable folder, or in a temporary one, which the sandbox has for itself. */
  readonly readOnly: readonly string[];
  /** Folders and files that it must not even read. */
  readonly hidden: readonly string[];
  /** Whether it may talk to the network, this machine's own services included. */
  readonly network: boolean;
  /** Where it begins. */
  readonly cwd: string;
}

/** A path with a word on it, as it is on this disk: without links. */
export interface Place {
  readonly path: string;
  readonly access: 'writable' | 'read only' | 'hidden';
  readonly isFolder: boolean;
}

/** Needs as a sandbox takes them: what is not there is left out, what lies in something comes after it. */
export interface Reach {
  readonly places: readonly Place[];
  readonly network: boolean;
  readonly cwd: string;
}

const STRICTER: readonly Place['access'][] = ['writable', 'read only', 'hidden'];

/** From the outermost to the innermost; of two words on one path the stricter comes last, and counts. */
export function inOrder(places: readonly Place[]): Place[] {
  const depth = ({ path }: Place) => path.split('/').filter((part) => part !== '').length;
  return [...places].sort(
    (a, b) =>
      depth(a) - depth(b) || STRICTER.indexOf(a.access) - STRICTER.indexOf(b.access) || (a.path < b.path ? -1 : 1),
  );
}
