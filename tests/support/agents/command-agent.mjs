import { writeFileSync } from 'node:fs';
import { play } from './script.mjs';

/** An agent for the adapter `command`: the prompt on standard input, the packet in a file. */

const pieces = [];
for await (const piece of process.stdin) pieces.push(piece);
const own = {
  say: ({ text }) => process.stdout.write(`${text}\n`),
  usage: ({ figures }) => writeFileSync(process.env.WAYBILL_USAGE, JSON.stringify(figures)),
};
await play({ prompt: Buffer.concat(pieces), packet: process.env.WAYBILL_PACKET, own });
