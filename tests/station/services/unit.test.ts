import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WaybillError } from '../../../src/order/error.ts';
import { servicesOf } from '../../../src/station/services/plan.ts';
import { assert, suite } from '../../support/suite.ts';
import { AWKWARD, planFor } from './plans.ts';

const test = suite('station/services/unit');

const unit = (more: Parameters<typeof planFor>[0] = {}, n = 0): string =>
  servicesOf(planFor({ manager: 'systemd', ...more }))[n]?.text ?? '';

const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/** Two of a sign are one; one alone would be a specifier or a variable. */
function halved(text: string, sign: '%' | '$'): string {
  const parts = text.split(`${sign}${sign}`);
  assert.ok(
    parts.every((part) => !part.includes(sign)),
    `a ${sign} alone in ${text}`,
  );
  return parts.join(sign);
}

/** The words of a value, read as systemd.syntax(7) says: quotes, escapes, then %% and, in a command, $$. */
function words(value: string, dollars: boolean): string[] {
  const found: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < value.length; i++) {
    const c = value[i] ?? '';
    if (quote !== '' && c === quote) quote = '';
    else if (c === '\\') word = `${word ?? ''}${value[++i] === 't' ? '\t' : value[i]}`;
    else if (quote === '' && (c === '"' || c === "'")) [quote, word] = [c, word ?? ''];
    else if (quote === '' && c === ' ') {
      if (word !== null) found.push(word);
      word = null;
    } else word = (word ?? '') + c;
  }
  if (word !== null) found.push(word);
  return found.map((w) => halved(dollars ? halved(w, '$') : w, '%'));
}

const settingOf = (text: string, key: string) =>
  lines(text)
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));

test('a unit says what systemd has to do', () => {
  const text = unit();
  for (const line of [
    'Type=exec',
    'Restart=on-failure',
    'KillMode=control-group',
    'RestartPreventExitStatus=64 65 66',
    'TimeoutStopSec=60',
    'WorkingDirectory=/srv/ops',
    'ExecStart=/usr/bin/node /opt/waybill/dist/cli/main.js up --station /srv/ops',
    'WantedBy=default.target',
  ])
    assert.ok(lines(text).includes(line), `${line} in\n${text}`);
  assert.match(unit({}, 1), /^ExecStart=.* guardrail --station \/srv\/ops$/m);
  assert.match(unit({ scope: 'system', user: 'anna' }), /^User=anna$[\s\S]*^WantedBy=multi-user.target$/m);
});

test('awkward folders come back as they were (rule 8)', () => {
  for (const root of AWKWARD) {
    const text = unit({ root });
    assert.deepEqual(words(settingOf(text, 'ExecStart')[0] ?? '', true).at(-1), root);
    assert.ok(
      settingOf(text, 'Environment').some((value) => words(value, false)[0] === `WAYBILL_STATION=${root}`),
      text,
    );
    assert.equal(halved(settingOf(text, 'WorkingDirectory')[0] ?? '', '%'), root);
  }
});

test('what a unit file cannot hold is refused', () => {
  for (const root of ['/srv/line\nbreak', '/srv/ends in space ', '/srv/ends in backslash\\'])
    assert.throws(
      () => unit({ root }),
      (e) => e instanceof WaybillError && e.code === 'USAGE',
      root,
    );
});

test('a program with a quote in its name is started by env, because systemd refuses it', () => {
  const programs = { ...planFor().programs, node: `/srv/it's/node` };
  assert.deepEqual(words(settingOf(unit({ programs }), 'ExecStart')[0] ?? '', true).slice(0, 2), [
    '/usr/bin/env',
    `/srv/it's/node`,
  ]);
});

test.run();

const verified = suite('station/services/unit by systemd-analyze', { needs: ['systemd-analyze'] });

/** systemd-analyze exits 0 for what it ignores, and says so. */
function faults(text: string, folder: string, scope: 'user' | 'system'): string {
  const file = join(folder, 'waybill-test.service');
  writeFileSync(file, text);
  const { status, stderr } = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', ...(scope === 'user' ? ['--user'] : []), file],
    { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: folder } },
  );
  return status === 0 ? stderr : `${status} ${stderr}`;
}

verified('generated units are right, and a wrong one is found', (t) => {
  const folder = t.tempDir();
  const real = { ...planFor().programs, node: process.execPath };
  for (const root of ['/srv/ops', ...AWKWARD])
    for (const scope of ['user', 'system'] as const)
      for (const n of [0, 1])
        assert.equal(
          faults(unit({ root, scope, programs: real, user: scope === 'system' ? 'root' : null }, n), folder, scope),
          '',
        );
  // a program whose name systemd would not take
  const awkward = join(folder, `it's "it"`, 'node');
  mkdirSync(dirname(awkward));
  writeFileSync(awkward, '#!/bin/sh\n', { mode: 0o755 });
  assert.equal(faults(unit({ programs: { ...real, node: awkward } }), folder, 'user'), '');
  for (const [from, to] of [
    ['KillMode=control-group', 'KillMode=everything'],
    ['Restart=on-failure', 'Restrt=on-failure'],
    [`ExecStart=${process.execPath}`, 'ExecStart=/nowhere/node'],
    ['WorkingDirectory=/', 'WorkingDirectory='],
    ['[Install]', '[Instal]'],
  ] as const) {
    const good = unit({ programs: real });
    assert.ok(good.includes(from), from);
    assert.notEqual(faults(good.replace(from, to), folder, 'user'), '', to);
  }
});

verified.run();
