import pc from 'picocolors';
import { MODE_VARIABLE } from '../../documents/mode.ts';
import { closeRepository } from '../../git/repository.ts';
import type { DocumentsCheck } from '../../order/generated.ts';
import { checkDocuments } from '../../pipeline/documents/check.ts';
import { now } from '../../platform/clock.ts';
import { EXIT, note, plain, print } from '../output.ts';
import { stationOf } from '../station.ts';
import type { DocumentOptions } from './options.ts';

/** Says what is wrong with the documents. Exits 1 where that fails, by mode; with mode warn it is told on standard error and the exit is 0. */
export async function check(options: DocumentOptions): Promise<void> {
  const asked = typeof options['mode'] === 'string' ? options['mode'] : null;
  const station = await stationOf(options);
  try {
    const answer = await checkDocuments(station, { asked, variable: process.env[MODE_VARIABLE] ?? null, now: now() });
    if (!answer.ok) process.exitCode = EXIT.failed;
    if (options.json) print(JSON.stringify(answer, null, 2));
    else if (answer.mode === 'off') print(`off (${plain(answer.mode_by)}): nothing was checked`);
    else tell(answer);
  } finally {
    await closeRepository(station.repo);
  }
}

function tell({ mode, mode_by: by, ok, checked, findings }: DocumentsCheck): void {
  for (const { id, severity, message, refs, hint } of findings) {
    const label = severity === 'block' && mode === 'block' ? pc.red('wrong') : pc.yellow('warn');
    note(`${label} ${id}: ${plain(message)}`);
    if (refs.length > 0) note(`  ${plain(refs.join(', '))}`);
    note(`  ${pc.dim('hint:')} ${hint}`);
  }
  const count = findings.length === 0 ? 'nothing' : `${findings.length} ${findings.length === 1 ? 'thing' : 'things'}`;
  const verdict = findings.length === 0 ? pc.green('ok') : ok ? pc.yellow('warning') : pc.red('failed');
  print(`${verdict}: ${count} wrong in ${checked.join(', ')}; mode ${mode} (${plain(by)})`);
}
