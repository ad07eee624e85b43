import { join } from 'node:path';
import { readIfThere } from '../platform/durable.ts';
import { combine } from './combine.ts';
import type { Backlog } from './item.ts';
import { readMarkdown } from './read-markdown.ts';
import { readYaml } from './read-yaml.ts';

/** The backlog as its files have it now, whether that is committed or not. */
export interface BacklogFiles extends Backlog {
  /** The bytes of each file that is there, by its name in settings; none where there is no backlog. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Reads the files that settings name (backlog.files) below `root`, those that are there. Throws IO_ERROR for one that cannot be read. */
export function readBacklog(root: string, names: readonly string[]): BacklogFiles {
  const files = new Map<string, Buffer>();
  for (const name of names) {
    const bytes = readIfThere(join(root, name));
    if (bytes !== undefined) files.set(name, bytes);
  }
  return { ...combine([...files].map(([name, bytes]) => readBacklogFile(name, bytes))), files };
}

/** One file of a backlog: YAML by its ending (.yaml, .yml), else Markdown. Never throws. */
export function readBacklogFile(name: string, given: Uint8Array | string): Backlog {
  return /\.ya?ml$/i.test(name) ? readYaml(name, given) : readMarkdown(name, given);
}
