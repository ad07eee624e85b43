import { basename, resolve } from 'node:path';
import { type ClaimedRequest, readBundle } from '../intake/claim.ts';
import { WaybillError } from '../order/error.ts';
import { fs } from '../platform/fs.ts';

/** An order as the command line takes it: a file, a folder bundle, or standard input. */
export type Given = Pick<ClaimedRequest, 'file' | 'bytes' | 'orderFile' | 'attachments'>;

/** What is named on the command line: a file, a folder, or `-` for standard input. Throws NO_INPUT, NOT_A_FILE. */
export async function readInput(file: string): Promise<Given> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return { file: 'stdin.yaml', bytes: Buffer.concat(chunks), orderFile: null, attachments: null };
  }
  const name = basename(resolve(file));
  try {
    if (!fs.statSync(file).isDirectory())
      return { file: name, bytes: fs.readFileSync(file), orderFile: null, attachments: null };
    return { file: name, ...readBundle(file, name) };
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    throw new WaybillError(
      'NO_INPUT',
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
