import { basename } from 'node:path';
import pc from 'picocolors';
import { readOrder } from '../intake/read-order.ts';
import { WaybillError } from '../order/error.ts';
import { targetsOf } from '../order/plan.ts';
import { readInput } from './input.ts';
import { EXIT, exitCodeOf, note, plain, print, printJson } from './output.ts';

const LIMITS = { maxOrderBytes: 16 * 1024 * 1024, maxDepth: 32 };

/** Checks files as intake would, without a station. Exits 65 when one is bad. */
export async function lint(files: readonly string[], json: boolean): Promise<void> {
  const reports = [];
  for (const file of files) {
    try {
      const read = readOrder(await readInput(file), file === '-' ? 'order.yaml' : basename(file), LIMITS);
      if ('error' in read) throw read.error;
      reports.push({ file, ok: true, wo_id: read.order.woId, targets: targetsOf(read.order), warnings: read.warnings });
      if (json) continue;
      print(`${file}: ${pc.green('ok')} ${read.order.woId}: ${plain(read.order.title)}`);
      for (const w of read.warnings)
        print(
          `${file}${w.line === undefined ? '' : `:${w.line}:${w.column ?? 1}`}: ${pc.yellow(w.code)} ${plain(w.message)}`,
        );
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error;
      reports.push({
        file,
        ok: false,
        error: { code: error.code, message: error.message, hint: error.hint, ...error.place, file },
      });
      process.exitCode = exitCodeOf(error) === EXIT.noInput ? EXIT.noInput : EXIT.data;
      const { line, column } = error.place;
      if (!json)
        note(
          `${file}${line === undefined ? '' : `:${line}:${column ?? 1}`}: ${pc.red(error.code)} ${plain(error.message)}\n  ${pc.dim('hint:')} ${error.hint}`,
        );
    }
  }
  if (json) printJson({ ok: reports.every((r) => r.ok), files: reports });
}
