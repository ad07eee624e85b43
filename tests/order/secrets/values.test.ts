import { cutProse } from '../../../src/order/secrets/prose.ts';
import { CUT, Redactor } from '../../../src/order/secrets/redactor.ts';
import { secretValues } from '../../../src/order/secrets/values.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('which values are secrets');
const VALUE = ['q8', 'Zr', '4t', 'Lm'].join('');

test('variables that are named like secrets', () => {
  const names = [
    'GITHUB_TOKEN',
    'PGPASSWORD',
    'DB_PASS',
    'DB_PWD',
    'MY_AUTH',
    'SENTRY_DSN',
    'SESSION_COOKIE',
    'AZURE_CONNECTION_STRING',
  ];
  names.push(
    'SSH_PASSPHRASE',
    'AWS_SECRET_ACCESS_KEY',
    'OPENAI_API_KEY',
    'APIKEY',
    'npm_config_//registry/:_authToken',
    'PRIVATE_KEY',
  );
  for (const name of names) assert.deepEqual(secretValues({ [name]: VALUE }, []), [{ name, value: VALUE }], name);
});

test('variables that only tell of secrets, and values that are none', () => {
  const none = {
    TOKENIZERS_PARALLELISM: 'some-long-value',
    PASSWORD_STORE_DIR: '/home/anna/.password-store',
    SSH_AUTH_SOCK: '/tmp/ssh-abc/agent.123',
    PWD: '/home/anna',
    OLDPWD: '/home/anna/x',
    SSH_ASKPASS: '/usr/bin/ask',
    TOKEN_FILE: 'somewhere/token.txt',
    GIT_TOKEN: '/run/secrets/token',
    USE_TOKEN: 'true',
    SHORT_TOKEN: 'abcde',
    MAX_TOKENS: '128000',
    PATH: '/usr/bin:/bin',
    EDITOR: 'a-long-editor',
  };
  assert.deepEqual(secretValues(none, []), []);
});

test('what settings name, lines of long values, and passwords in addresses', () => {
  assert.deepEqual(secretValues({ EDITOR: 'nano' }, ['EDITOR']), [{ name: 'EDITOR', value: 'nano' }]);
  const line = VALUE.repeat(4);
  assert.deepEqual(
    secretValues({ A_KEY: 'x', MY_SECRET: `short\n${line}` }, []).map((v) => v.value),
    [`short\n${line}`, line],
  );
  assert.deepEqual(
    secretValues({ DATABASE_URL: `postgres://anna:${VALUE}%21@db/x` }, []).map((v) => v.value),
    [`${VALUE}%21`, `${VALUE}!`],
  );
});

test('records lose secrets in their words, and never in what decides', () => {
  const redactor = new Redactor([{ name: 'T', value: VALUE }]);
  const changes = [{ path: `${VALUE}.txt`, before: null }];
  const data = { title: `use ${VALUE}`, n: 1, changes, error: { code: VALUE, message: `no ${VALUE}`, hint: 'x' } };
  assert.deepEqual(cutProse(redactor, data), {
    ...data,
    title: `use ${CUT}`,
    error: { code: VALUE, message: `no ${CUT}`, hint: 'x' },
  });
  const clean = { title: 'x', warnings: [{ message: 'y' }], changes };
  assert.equal(cutProse(redactor, clean), clean);
});

test('keys in the headers for an OTLP receiver, with and without the word before them', () => {
  const headers = `Authorization=Basic%20${VALUE}%3D, x-langfuse-ingestion-version=4,x-key=${VALUE}9`;
  assert.deepEqual(
    secretValues({ OTEL_EXPORTER_OTLP_HEADERS: headers, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, []).map(
      ({ value }) => value,
    ),
    [`Basic%20${VALUE}%3D`, `Basic ${VALUE}=`, `${VALUE}=`, `${VALUE}9`],
  );
  assert.equal(secretValues({ OTEL_EXPORTER_OTLP_TRACES_HEADERS: `a=${VALUE}` }, []).length, 1);
});

test.run();
