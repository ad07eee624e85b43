import pc from 'picocolors';
import { parse, stringify } from 'yaml';
import { type Limits, type ReadOrder, readOrder } from '../intake/read-order.ts';
import { WaybillError } from '../order/error.ts';
import { targetsOf } from '../order/plan.ts';
import { locateStation } from '../station/locate.ts';
import { loadSettings, parseSettings } from '../station/settings.ts';
import { readInput } from './input.ts';
import { EXIT, exitCodeOf, note, plain, print, printJson, usage } from './output.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Checks files and folder bundles as intake would; exits 65 when one is bad. With --fix prints the canonical form of one. */
export async function lint(files: readonly string[], options: Options): Promise<void> {
  const json = options.json === true;
  const fix = options['fix'] === true;
  if (fix && files.length !== 1) throw usage('--fix takes one file');
  const limits = await limitsHere(options.station);
  const reports = [];
  for (const file of files) {
    try {
      const given = await readInput(file);
      const read = readOrder(given, limits);
      if ('error' in read) throw read.error;
      const { order, warnings, shape, canonical } = read;
      reports.push({
        file,
        ok: true,
        wo_id: order.woId,
        shape,
        targets: targetsOf(order),
        warnings,
        ...(fix ? { canonical } : {}),
      });
      if (json) continue;
      const tell = fix ? note : print;
      tell(
        `${file}: ${pc.green('ok')} ${order.woId}: ${plain(order.title)}${shape === 'canonical' ? '' : ` (${shape})`}`,
      );
      for (const w of warnings)
        tell(
          `${file}${w.line === undefined ? '' : `:${w.line}:${w.column ?? 1}`}: ${pc.yellow(w.code)} ${plain(w.message)}`,
        );
      if (fix) print(canonicalText(read));
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

/** The order as it would be written in canonical form: read again it is the same order, without guesses. */
function canonicalText({ canonical }: ReadOrder): string {
  // blocks are for people; text that they would not give back as it was is quoted
  for (const blockQuote of ['literal', false] as const) {
    const text = `${stringify(canonical, { lineWidth: 0, blockQuote })}...\n`;
    if (isSame(text, canonical)) return text;
  }
  return `${JSON.stringify(canonical, null, 2)}\n`;
}

function isSame(text: string, canonical: unknown): boolean {
  try {
    return JSON.stringify(parse(text)) === JSON.stringify(canonical);
  } catch {
    return false;
  }
}

/** As the station here would read; without a station the defaults. */
async function limitsHere(named: string | undefined): Promise<Limits> {
  try {
    return loadSettings(await locateStation(named)).intake;
  } catch (error) {
    if (named !== undefined || !(error instanceof WaybillError) || error.code !== 'NO_STATION') throw error;
    return parseSettings(Buffer.alloc(0)).intake;
  }
}
