import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkScript } from './script.ts';
import { startModel } from './server.ts';

/**
 * The fake model as a program:
 *
 *   node --import tsx tests/support/model/main.ts SCRIPT.json [--requests FILE.jsonl]
 *
 * Says `{"url":"http://127.0.0.1:PORT"}` when it listens, and ends when its standard input does, so that it outlives nobody.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { requests: { type: 'string' } } });
const [file = ''] = positionals;
const script = checkScript(JSON.parse(readFileSync(file, 'utf8')));
const kept = values.requests;
const model = await startModel(script, (request) => {
  if (kept !== undefined) appendFileSync(kept, `${JSON.stringify(request)}\n`);
});
process.stdout.write(`${JSON.stringify({ url: model.url })}\n`);
process.stdin.resume().once('end', () => {
  model.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
