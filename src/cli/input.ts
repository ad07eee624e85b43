import { WaybillError } from '../order/error.ts';
import { fs } from '../platform/fs.ts';

/** A file named on the command line, or standard input for `-`. Throws NO_INPUT. */
export async function readInput(file: string): Promise<Buffer> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new WaybillError(
      'NO_INPUT',
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
