/**
 * The limit: what the same durable writes cost a bare loop without the product. node limit.js ROOT COUNT. Watches ROOT/inbox, says `ready`,
 * and for each file there: claims it by a rename, reads it, writes its file (synced), its state and result (not synced, as the product's:
 * both can be rebuilt), and two lines of a ledger that is synced once for a batch; then one commit for each, as one synced pack, and the
 * ref. Says `done` after COUNT files. It checks nothing, knows nothing, and survives nothing.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  watch,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const BATCH = 128;
const [root = '', count = '0'] = process.argv.slice(2);
const at = (...parts: string[]) => join(root, ...parts);
for (const folder of ['inbox', 'claimed', 'state', 'outbox']) mkdirSync(at(folder), { recursive: true });
const ledger = openSync(at('ledger.jsonl'), 'a');
let previous = '';
let tip = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
let done = 0;

interface Order {
  readonly wo_id: string;
  readonly files: readonly { readonly path: string; readonly content: string }[];
}

function write(path: string, text: string, synced: boolean): void {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'wx');
  writeSync(fd, text);
  if (synced) fsyncSync(fd);
  closeSync(fd);
  renameSync(temporary, path);
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

function record(lines: readonly object[]): void {
  let text = '';
  for (const line of lines) {
    const body = JSON.stringify({ ...line, previous });
    previous = createHash('sha256').update(body).digest('hex');
    text += `${body}\n`;
  }
  writeSync(ledger, text);
  fdatasyncSync(ledger);
}

function commit(orders: readonly Order[]): void {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  let stream = 'feature done\n';
  for (const { wo_id, files } of orders) {
    stream += `commit refs/heads/limit\nmark :1\ncommitter Limit <limit@example.com> 0 +0000\n${data(wo_id)}from ${tip}\n`;
    for (const { path, content } of files) stream += `M 100644 inline ${path}\n${data(content)}`;
    stream += '\n';
    tip = ':1';
  }
  const args = [
    '-c',
    'fastimport.unpackLimit=0',
    '-c',
    'core.fsync=committed,reference',
    'fast-import',
    '--quiet',
    '--done',
  ];
  const run = spawnSync('git', args, { cwd: root, input: `${stream}done\n` });
  if (run.status !== 0) throw new Error(run.stderr.toString('utf8'));
  tip = readFileSync(at('.git/refs/heads/limit'), 'utf8').trim();
}

function turn(): void {
  for (;;) {
    const names = readdirSync(at('inbox')).slice(0, BATCH);
    if (names.length === 0) return;
    for (const name of names) renameSync(at('inbox', name), at('claimed', name));
    syncFolder(at('claimed'));
    const orders = names.map((name) => JSON.parse(readFileSync(at('claimed', name), 'utf8')) as Order);
    record(orders.map(({ wo_id }) => ({ event: 'admitted', wo_id })));
    for (const { files } of orders) for (const { path, content } of files) write(at(path), content, true);
    syncFolder(at('made'));
    commit(orders);
    record(orders.map(({ wo_id }) => ({ event: 'done', wo_id })));
    for (const { wo_id } of orders) {
      write(at('state', `${wo_id}.json`), JSON.stringify({ wo_id, status: 'done' }), false);
      write(at('outbox', `${wo_id}.json`), JSON.stringify({ wo_id, status: 'done', at: Date.now() }), false);
    }
    done += names.length;
    if (done >= Number(count)) {
      process.stdout.write('done\n');
      process.exit(0);
    }
  }
}

watch(at('inbox'), turn);
process.stdout.write('ready\n');
turn();
