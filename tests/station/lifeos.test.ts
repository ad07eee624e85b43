import { MISSION, missionStation, whyOf } from '../support/missions.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('station/lifeos', { needs: ['git'] });

test('a repository with the preset lifeos: what is shown stands where seed 000 looks for it, and git status stays clean', (t) => {
  const { station } = missionStation(t, undefined, { preset: 'lifeos' });
  const clean = (when: string) => assert.equal(station.git('status', '--porcelain'), '', when);
  clean('after init and the first commit');
  assert.deepEqual(station.names('bridge/inbox'), ['MAIN', 'OPENCLAW']);

  station.drop({ wo_id: 'WO-FILE', title: 'A page', files: [{ path: 'docs/page.md', content: '# Page\n' }] });
  station.drop(MISSION);
  station.drain();
  assert.equal(station.result('WO-FILE').status, 'done');
  assert.equal(station.state('WO-M').status, 'done', whyOf(station, 'WO-M'));
  assert.equal(station.read('src/hello.txt'), 'hello\n');
  assert.match(station.read('artifacts/terminal/TP_WO-M.yaml'), /^outcome: PASS$/m);
  const [review = ''] = station.names('artifacts/review_packets');
  assert.match(review, /^Review_Packet_WO-M_v\d+\.\d+\.md$/, 'seed 000, section 7');
  assert.ok(!station.exists('state/artifacts'), 'nothing stands in two places');
  clean('after an order and a mission');

  // the stop file of its operators
  station.write('STOP_AUTONOMY', 'the council meets\n');
  station.drop({ ...MISSION, wo_id: 'WO-STOPPED' });
  station.drain();
  assert.equal(station.state('WO-STOPPED').status, 'parked', whyOf(station, 'WO-STOPPED'));
  assert.equal(station.waybill('metrics').code, 0);
  // what people write is theirs, and shows
  station.write('artifacts/plans/Grand_Plan.md', '# Plan\n');
  assert.deepEqual(station.git('status', '--porcelain', '--untracked-files=all').split('\n'), [
    '?? STOP_AUTONOMY',
    '?? artifacts/plans/Grand_Plan.md',
  ]);
});

test('a repository that tracks a status of its own is taken as it is, and init says so', (t) => {
  const { station } = missionStation(t, undefined, {
    preset: 'lifeos',
    files: { 'artifacts/status/runtime_status.json': '{"status": "theirs"}\n', 'artifacts/status/notes.md': 'x\n' },
  });
  station.git('add', '--force', 'artifacts/status/runtime_status.json');
  const { code, stdout, stderr } = station.waybill('init', '--preset', 'lifeos', '--json');
  assert.equal(code, 0, stderr);
  assert.deepEqual((JSON.parse(stdout) as { tracked: unknown }).tracked, ['artifacts/status/runtime_status.json']);
  assert.match(stderr, /^warning: artifacts\/status\/runtime_status\.json is tracked by git/);
  assert.match(stderr, /git rm --cached artifacts\/status\/runtime_status\.json/);
});

test.run();
