import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { asWaybillError } from '../../src/order/error.ts';
import { askAfterWork } from '../../src/spine/gates/post-gates.ts';
import { askBeforeWork } from '../../src/spine/gates/pre-gates.ts';
import { contractOf, type PacketName } from '../../src/spine/packets/names.ts';
import { readPacket } from '../../src/spine/packets/packet.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('docs of packets');

const PAGE = readFileSync(new URL('../../docs/packets.md', import.meta.url), 'utf8');

function packetNamed(word: string): PacketName {
  assert.ok(contractOf(word as PacketName), word);
  return word as PacketName;
}

test('rule 10: every packet shown is one that is taken, and each that an agent makes is shown', () => {
  const shown = [...PAGE.matchAll(/<!-- packet: (\w+) -->\n\n```json\n([\s\S]*?)```/g)].map(
    ([, word = '', text = '']) => {
      const name = packetNamed(word);
      readPacket(name, Buffer.from(text));
      return name;
    },
  );
  const made = [...(PAGE.split('## ')[0] ?? '').matchAll(/^\| `(\w+)` +\| (\w+)/gm)]
    .filter(([, , by]) => by !== 'runner')
    .map(([, name]) => name);
  assert.deepEqual(shown, made);
  assert.equal(made.length, 5);
});

test('seed 004: what is told of prose is what the page says', () => {
  const [, word = '', text = '', told = ''] =
    /<!-- refused: (\w+) -->\n\n```text\n([\s\S]*?)```\n\n<!-- told -->\n\n```text\n([\s\S]*?)```/.exec(PAGE) ?? [];
  const name = packetNamed(word);
  assert.throws(
    () => readPacket(name, Buffer.from(text)),
    (thrown) => asWaybillError(thrown).code === 'PACKET_INVALID' && asWaybillError(thrown).message === told.trim(),
  );
});

test('every gate stands on the page', () => {
  const asked = [...askBeforeWork({} as never), ...askAfterWork({} as never)].map(({ name }) => name);
  const [, gates = ''] = PAGE.split('## Gates');
  assert.deepEqual(
    [...gates.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name),
    asked,
  );
});

test('the sample of a program as an agent hands in a whole verdict, by what stands in its folder', (t) => {
  const page = readFileSync(new URL('../../docs/agent-programs.md', import.meta.url), 'utf8');
  const [, sample = ''] = /```sh\n(#![\s\S]*?)```/.exec(page) ?? [];
  const folder = t.tempDir();
  mkdirSync(folder, { recursive: true });
  const packet = join(folder, 'packet.json');
  const verdict = (text: string) => {
    writeFileSync(join(folder, 'work.txt'), text);
    rmSync(packet, { force: true });
    const env = { ...process.env, WAYBILL_PACKET: packet };
    const { status, stderr } = spawnSync('sh', ['-c', sample], { cwd: folder, env, input: 'prompt', encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return readPacket('verdict', readFileSync(packet)).verdict;
  };
  assert.equal(verdict('all done\n'), 'approved');
  assert.equal(verdict('TODO: the rest\n'), 'rejected');
  const [, command = ''] = /`command: \[([^\]]+)\]`/.exec(page) ?? [];
  assert.ok(isAbsolute(command), `${command}: what lies in the repository is refused`);
});

test.run();
