import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { BUNDLE } from '../../scripts/bundle.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('agents/lazy');

const ROOT = resolve(import.meta.dirname, '../..');

test('the protocol and its validators are loaded when an agent of it runs, and not with the adapters', () => {
  const { metafile } = buildSync({
    ...BUNDLE,
    entryPoints: [join(ROOT, 'src/agents/adapters.ts')],
    outdir: join(ROOT, '.programs/lazy'),
    absWorkingDir: ROOT,
    splitting: true,
    write: false,
    metafile: true,
  });
  const inputsOf = (outputs: readonly string[]) =>
    outputs.flatMap((name) => Object.keys(metafile.outputs[name]?.inputs ?? {}));
  const entry = Object.keys(metafile.outputs).find((name) =>
    metafile.outputs[name]?.entryPoint?.endsWith('adapters.ts'),
  );
  const atOnce = new Set([entry ?? '']);
  for (const name of atOnce)
    for (const each of metafile.outputs[name]?.imports ?? [])
      if (each.kind === 'import-statement') atOnce.add(each.path);
  const isHeavy = (path: string) => /node_modules\/(@agentclientprotocol|zod)\//.test(path);
  assert.ok(inputsOf(Object.keys(metafile.outputs)).some(isHeavy), 'it is in the bundle');
  assert.ok(inputsOf([...atOnce]).some((path) => path.endsWith('acp-agent.ts')));
  assert.deepEqual(inputsOf([...atOnce]).filter(isHeavy), []);
});

test.run();
