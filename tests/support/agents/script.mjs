import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';

/** What an agent of the tests does is said by a JSON file, its first argument: {packet, steps, ...}. `steps` are done in turn. */
export const script = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** Does the steps. `own` are the ones that only this kind of agent has; `prompt` is what it was told. */
export async function play({ prompt, packet, own = {} }) {
  const steps = {
    packet: ({ text }) => writeFileSync(packet, text),
    link: ({ to }) => symlinkSync(to, packet),
    huge: ({ bytes }) => writeFileSync(packet, Buffer.alloc(bytes, 0x20)),
    write: ({ path, text }) => writeFileSync(path, text),
    cwd: ({ file }) => writeFileSync(file, process.cwd()),
    env: ({ file }) => writeFileSync(file, JSON.stringify(process.env)),
    prompt: ({ file }) => writeFileSync(file, createHash('sha256').update(prompt).digest('hex')),
    argv: ({ file }) => writeFileSync(file, JSON.stringify(process.argv.slice(2))),
    /** Straight onto standard output, whatever the protocol is. */
    raw: ({ text }) => new Promise((resolve) => process.stdout.write(text, resolve)),
    complain: ({ text }) => process.stderr.write(text),
    /** A process that leaves the group and stays. */
    leave: ({ file }) => {
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
      child.unref();
      writeFileSync(file, String(child.pid));
    },
    /** Notes that it is here, and never ends; deaf: also not when it is asked to. */
    hang: ({ file, deaf }) => {
      if (deaf) process.on('SIGTERM', () => {});
      if (file) writeFileSync(file, String(process.pid));
      return new Promise(() => setInterval(() => {}, 1000));
    },
    die: ({ code }) => process.exit(code),
    ...own,
  };
  for (const step of script.steps) await steps[step.do](step);
}
