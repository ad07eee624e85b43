import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bwrapArgv } from '../../../src/platform/sandbox/bwrap.ts';
import { inOrder, type Reach } from '../../../src/platform/sandbox/needs.ts';
import { wrap } from '../../../src/platform/sandbox/sandbox.ts';
import { seatbeltArgv, seatbeltProfile } from '../../../src/platform/sandbox/seatbelt.ts';
import { assert, suite } from '../../support/suite.ts';

/** What is asked of the sandboxes, as text. Whether they do it: bwrap.test.ts. Those of macOS cannot be run elsewhere. */

const test = suite('platform/sandbox/argv');

const reach: Reach = {
  places: inOrder([
    { path: '/ops/.git/waybill', access: 'hidden', isFolder: true },
    { path: '/ops/.git', access: 'read only', isFolder: true },
    { path: '/ops', access: 'writable', isFolder: true },
    { path: '/home/a/.netrc', access: 'hidden', isFolder: false },
    { path: '/ops', access: 'read only', isFolder: true },
  ]),
  network: false,
  cwd: '/ops/src',
};

test('rule 9: bwrap is told, in this order: nothing may be written, then what may, then what lies in it', () => {
  assert.deepEqual(bwrapArgv('/usr/bin/bwrap', ['make', '--', '-j 2'], reach, ['/run', '/tmp']), [
    '/usr/bin/bwrap',
    '--die-with-parent',
    '--new-session',
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net'],
    ...['--cap-drop', 'ALL'],
    ...['--ro-bind', '/', '/'],
    ...['--dev', '/dev'],
    ...['--proc', '/proc'],
    ...['--tmpfs', '/run'],
    ...['--tmpfs', '/tmp'],
    ...['--ro-bind-try', '/run/current-system', '/run/current-system'],
    ...['--setenv', 'TMPDIR', '/tmp'],
    ...['--bind', '/ops', '/ops'],
    ...['--ro-bind', '/ops', '/ops'],
    ...['--ro-bind', '/ops/.git', '/ops/.git'],
    ...['--ro-bind', '/dev/null', '/home/a/.netrc'],
    ...['--tmpfs', '/ops/.git/waybill'],
    ...['--remount-ro', '/ops/.git/waybill'],
    ...['--chdir', '/ops/src'],
    '--',
    ...['make', '--', '-j 2'],
  ]);
  const online = bwrapArgv('bwrap', ['true'], { ...reach, network: true }, []);
  assert.ok(!online.includes('--unshare-net') && online.includes('/run/systemd/resolve'));
});

test('rule 9: the profile for macOS says the same; of its rules the last that matches decides', () => {
  assert.equal(
    seatbeltProfile(reach, ['/private/tmp']),
    `(version 1)
(allow default)
(deny appleevent-send)
(deny lsopen)
(deny job-creation)
(deny signal)
(allow signal (target same-sandbox))
(deny file-write*)
(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty") (literal "/dev/stdout") (literal "/dev/stderr") (literal "/dev/ptmx") (subpath "/dev/fd"))
(allow file-write* (subpath "/private/tmp"))
(allow file-read* file-write* (subpath "/ops"))
(allow file-read* (subpath "/ops"))
(deny file-write* (subpath "/ops"))
(allow file-read* (subpath "/ops/.git"))
(deny file-write* (subpath "/ops/.git"))
(deny file-read* file-write* (subpath "/home/a/.netrc"))
(deny file-read* file-write* (subpath "/ops/.git/waybill"))
(deny network*)
`,
  );
  assert.ok(!seatbeltProfile({ ...reach, network: true }, []).includes('network'));
  const argv = seatbeltArgv('/usr/bin/sandbox-exec', ['make', '-p'], reach, []);
  assert.deepEqual(
    [argv.slice(0, 2), argv.slice(3)],
    [
      ['/usr/bin/sandbox-exec', '-p'],
      ['make', '-p'],
    ],
  );
});

test('rule 8: no name of a folder ends its string in the profile, or begins a rule', () => {
  const names = [
    '/a b',
    '/it"s',
    '/back\\slash',
    '/ends\\',
    '/q\\"',
    '/(allow default)',
    '/");(allow default);("',
    '/é\n文',
  ];
  for (const path of names) {
    const profile = seatbeltProfile(
      { places: [{ path, access: 'hidden', isFolder: true }], network: true, cwd: '/' },
      [],
    );
    const line = profile.slice(profile.indexOf('(deny file-read*'));
    // read as the profile's language reads it: what is no string is as it would be for any other name
    const strings: string[] = [];
    const rest = line.replace(/"((?:[^"\\]|\\[\s\S])*)"/g, (_, inner: string) => {
      strings.push(inner.replace(/\\([\s\S])/g, '$1'));
      return '…';
    });
    assert.equal(rest, '(deny file-read* file-write* (subpath …))\n', path);
    assert.deepEqual(strings, [path]);
  }
});

test('paths are taken as the disk has them: links followed, what is not there left out', (t) => {
  const folder = t.tempDir();
  for (const name of ['work', 'secret']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'token'), 'x');
  symlinkSync('work', join(folder, 'link'));
  symlinkSync('secret', join(folder, 'to-secret'));
  const argv = wrap({ name: 'bwrap', program: '/usr/bin/bwrap' }, ['true'], {
    writable: [join(folder, 'link')],
    readOnly: [join(folder, 'never')],
    hidden: [join(folder, 'to-secret'), join(folder, 'token'), join(folder, 'gone')],
    network: false,
    cwd: join(folder, 'link'),
  });
  const places = argv.slice(argv.indexOf('TMPDIR') + 2);
  assert.deepEqual(places, [
    ...['--bind', join(folder, 'work'), join(folder, 'work')],
    ...['--tmpfs', join(folder, 'secret')],
    ...['--ro-bind', '/dev/null', join(folder, 'token')],
    ...['--remount-ro', join(folder, 'secret')],
    ...['--chdir', join(folder, 'work')],
    ...['--', '/bin/sh', '-c', 'exec "$@"', 'waybill-sandbox', 'true'],
  ]);
  const needs = { writable: [join(folder, 'never')], readOnly: [], hidden: [], network: false, cwd: folder };
  assert.throws(() => wrap({ name: 'bwrap', program: 'bwrap' }, ['true'], needs), /ENOENT/);
});

test.run();
