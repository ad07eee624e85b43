import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WaybillError } from '../order/error.ts';
import { namesIn, readIfThere } from '../platform/durable.ts';
import { lstatIfThere } from '../platform/fs.ts';
import { AGENTS_FOLDER, CHAINS_FOLDER } from '../station/agents-folder.ts';
import { parseChain, readsOnly } from './chain.ts';

/** The chains that Waybill brings: `agents/chains/` of its own package. A station's file of the same name counts before them. */
const BUILT_IN = fileURLToPath(new URL('../../agents/chains/', import.meta.url));

/** The bytes of a chain. Throws CHAIN_INVALID where there is none of that name, or where it is a link. */
export function chainBytes(root: string, name: string): Buffer {
  const own = join(root, CHAINS_FOLDER, `${name}.yaml`);
  // through a link in any of their places it would be a file that orders can write
  for (const path of [AGENTS_FOLDER, CHAINS_FOLDER, `${CHAINS_FOLDER}/${name}.yaml`])
    if (lstatIfThere(join(root, path))?.isSymbolicLink() === true)
      throw new WaybillError('CHAIN_INVALID', `${path} is a symbolic link`, {
        hint: 'Put the folder or file itself there.',
      });
  const bytes = readIfThere(own) ?? readIfThere(join(BUILT_IN, `${name}.yaml`));
  if (bytes !== undefined) return bytes;
  throw new WaybillError('CHAIN_INVALID', `there is no chain ${name}`, {
    hint: `There are: ${chainNames(root).join(', ')}. Write ${CHAINS_FOLDER}/${name}.yaml, or name one of these.`,
  });
}

/** Whether a mission under this chain needs no agent, and nothing of it can land. False also for a chain that cannot be read: its mission is told. */
export function chainReadsOnly(root: string, name: string): boolean {
  try {
    return readsOnly(parseChain(name, chainBytes(root, name)));
  } catch {
    return false;
  }
}

/** The names of all chains that a mission of this station can have. */
export function chainNames(root: string): string[] {
  const names = [...namesIn(BUILT_IN), ...namesIn(join(root, CHAINS_FOLDER))].filter((name) => name.endsWith('.yaml'));
  return [...new Set(names.map((name) => name.slice(0, -5)))].sort();
}
