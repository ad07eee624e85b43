import { openStationToRead } from '../../src/station/station.ts';
import { openRecords, type Records } from '../../src/views/records.ts';
import { createApp } from '../../src/web/app.ts';
import { Token } from '../../src/web/gate/token.ts';
import { until } from './station.ts';
import type { TestContext } from './suite.ts';

/** The pages of a station's dashboard, without a server: for whoever only reads what they say. */
export interface Pages {
  readonly records: Records;
  get(path: string): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
  /** Resolves when all that the ledger holds by now is read. */
  whole(): Promise<void>;
}

/** Follows a station's records until the test is over. */
export async function openPages(t: TestContext, root: string): Promise<Pages> {
  const station = await openStationToRead(root);
  const records = openRecords(station);
  t.defer(() => records.close());
  await records.ready;
  const host = '127.0.0.1:4747';
  const app = createApp({ station, records, token: new Token(), hosts: new Set([host]), port: 4747, isGuarded: false });
  return {
    records,
    get: async (path) => {
      const response = await app.request(`http://${host}${path}`, { headers: { host } });
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
    whole: () => until(() => records.catalogue.isWhole && records.catalogue.seq >= records.board.seq, 'all is read'),
  };
}
