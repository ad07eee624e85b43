import { join, relative } from 'node:path';
import type { Recorded } from '../../order/event.ts';
import { advance, type OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { ensureDir, exists, namesIn, removeDurable, writeProjection } from '../../platform/durable.ts';
import { reviewPacketName } from '../../spine/packets/review-packet-text.ts';
import { terminalPacketName } from '../../spine/packets/terminal-packet.ts';
import type { Station } from '../../station/station.ts';
import type { Runtime } from '../runtime.ts';
import { linkOn, mayBeOurs, showArtifact, showFile } from './artifact.ts';
import { type MissionEnd, missionEnd, reviewBytes } from './ending.ts';

/** What missions end with, where people look: projections of ledger and evidence, which can be written again. */

/** Shows the terminal packet of a mission that has just ended, and its review packet beside it; nothing for other orders. */
export function showPackets(rt: Runtime, life: OrderLife): void {
  if (life.admitted?.type !== 'mission' || !isTerminal(life.status)) return;
  const [record] = rt.ledger.read(life.lastSeq);
  if (record !== undefined && record.wo_id === life.woId) show(rt, missionEnd(life, record));
}

/** The same for a record of long ago; `life` is that of its order now, which may be in another attempt. */
export function showPacketsAgain(rt: Runtime, life: OrderLife, record: Recorded): void {
  if (life.admitted?.type !== 'mission' || life.purgedAttempts >= record.attempt) return;
  const isLast = life.attempt === record.attempt && isTerminal(life.status);
  show(rt, missionEnd(isLast ? life : lifeAt(rt, life, record.seq), record));
}

/** An order's life up to a record, and with it. */
function lifeAt(rt: Runtime, { woId, born }: OrderLife, seq: number): OrderLife | null {
  let life: OrderLife | null = null;
  for (const record of rt.ledger.read(born)) {
    if (record.seq > seq) break;
    if (record.wo_id === woId) life = advance(life, record);
  }
  return life;
}

function show(rt: Runtime, end: MissionEnd | null): void {
  if (end !== null) showArtifact(rt, end.life.woId, () => writePackets(rt.station, end), end.packet.ledger.seq);
}

type Put = (path: string, text: string) => void;

/** Writes both packets of an end; with `write` only where that calls `put`. Throws PATH_DENIED, TRACKED_STATE as showFile does. */
export function writePackets(
  station: Station,
  end: MissionEnd,
  write: (path: string, text: string, put: Put) => void = (path, text, put) => put(path, text),
): void {
  const folder = artifactsFolder(station);
  const put: Put = (path, text) => showFile(station, end.life.woId, path, text);
  const review = reviewBytes(station, end);
  if (review !== null && end.review !== null) write(join(folder, end.review.path), review.toString('utf8'), put);
  write(join(folder, end.path), end.text, put);
  if (!exists(markOf(station))) writeProjection(markOf(station), '');
}

/** Says, where no clean reaches, that packets were shown. */
const markOf = ({ layout }: Station) => join(layout.live, 'packets-shown');

/** Whether packets were shown, and their folder is gone. */
export function arePacketsGone(station: Station): boolean {
  const path = `${station.settings.paths.artifacts}/terminal`;
  return exists(markOf(station)) && !exists(join(station.layout.root, path)) && linkOn(station, path) === null;
}

/** There is nothing (more) to show: an empty folder says so. */
export function keepPacketsFolder(station: Station): void {
  if (arePacketsGone(station)) ensureDir(join(artifactsFolder(station), 'terminal'));
}

/** Where people find the packets of missions. */
export function artifactsFolder(station: Station): string {
  return station.layout.artifacts;
}

/** Removes the packets of attempts up to this one: an order that was purged shows nothing. */
export function removePackets(station: Station, woId: string, attempts: number): void {
  const folder = artifactsFolder(station);
  const reviews = join(folder, 'review_packets');
  const remove = (path: string) => {
    if (exists(path) && mayBeOurs(station, relative(station.layout.root, path))) removeDurable(path);
  };
  for (let attempt = 1; attempt <= attempts; attempt++) {
    remove(join(folder, 'terminal', terminalPacketName(woId, attempt)));
    const prefix = reviewPacketName(woId, attempt, 0).replace(/0\.md$/, '');
    for (const name of namesIn(reviews))
      if (name.startsWith(prefix) && /^\d+\.md$/.test(name.slice(prefix.length))) remove(join(reviews, name));
  }
}
