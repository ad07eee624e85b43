/**
 * An agent for missions, as a program with the prompt on standard input. It plays every role by a script: mission-script.json beside it in the folder
 * that MISSION_SCRIPT names: for each step, or `ORDER/step`, a list of turns, the last one counts for all that follow. A turn: {write: {path: text},
 * delete: [path], run, packet, say, exit, sleep, usage}. Turns are counted in files, because each run is a process of its own.
 */
import { execSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prompt = readFileSync(0, 'utf8');
const folder = process.env.MISSION_SCRIPT ?? '';
const step = /^Step: (.*)$/m.exec(prompt)?.[1] ?? '';
const role = /^Role: (.*)$/m.exec(prompt)?.[1] ?? '';
const order = process.env.WAYBILL_ORDER ?? '';
const script = JSON.parse(readFileSync(join(folder, 'script.json'), 'utf8'));
const turns = script[`${order}/${step}`] ?? script[step] ?? [{}];
const log = join(folder, 'calls.jsonl');
const done = existsSync(log)
  ? readFileSync(log, 'utf8')
      .split('\n')
      .filter(
        (line) =>
          line.includes(`"step":${JSON.stringify(step)},`) && line.includes(`"order":${JSON.stringify(order)},`),
      ).length
  : 0;
const turn = turns[Math.min(done, turns.length - 1)];
appendFileSync(
  log,
  `${JSON.stringify({ step, role, pid: process.pid, agent: process.env.MISSION_AGENT ?? null, order, prompt })}\n`,
);

if (turn.sleep !== undefined) await new Promise((resolve) => setTimeout(resolve, turn.sleep));
for (const [path, text] of Object.entries(turn.write ?? {})) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
for (const path of turn.delete ?? []) rmSync(path, { force: true });
if (turn.run !== undefined) execSync(turn.run, { stdio: 'inherit' });
console.log(turn.say ?? `I did ${step}.`);

const packets = {
  build_packet: {
    goal: 'The file says hello.',
    approach: 'Write it.',
    steps: ['write the file'],
    files: [{ path: 'src/hello.txt', change: 'create', why: 'it is asked for' }],
    tests: [],
    risks: [],
  },
  plan_packet: {
    summary: 'One step.',
    steps: [{ id: 'write', what: 'write the file', paths: ['src/hello.txt'], done_when: 'it is there' }],
  },
  build_report: {
    summary: 'It says hello now.',
    changed: Object.keys(turn.write ?? {}).map((path) => ({ path, what: 'written' })),
    tests_run: [],
    open_questions: [],
  },
  verdict: {
    verdict: turn.verdict ?? 'approved',
    summary: 'Looked at.',
    findings: [],
    required_changes: turn.required ?? [],
  },
  closing_packet: { summary: 'It says hello.', follow_ups: [] },
};
const packet = turn.packet === undefined ? packets[process.env.WAYBILL_PACKET_NAME] : turn.packet;
if (packet !== null)
  writeFileSync(process.env.WAYBILL_PACKET, typeof packet === 'string' ? packet : JSON.stringify(packet, null, 2));
if (turn.usage !== null)
  writeFileSync(process.env.WAYBILL_USAGE, JSON.stringify(turn.usage ?? { input: 100, output: 10, usd: 0.01 }));
process.exit(turn.exit ?? 0);
