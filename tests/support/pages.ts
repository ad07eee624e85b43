import { closeRepository } from '../../src/git/repository.ts';
import { locateStation } from '../../src/station/locate.ts';
import { openStationToRead } from '../../src/station/station.ts';
import { openRecords, type Records } from '../../src/views/records.ts';
import { createApp } from '../../src/web/app.ts';
import { Token } from '../../src/web/gate/token.ts';
import { type TestStation, until } from './station.ts';
import type { TestContext } from './suite.ts';

const HOST = '127.0.0.1:4747';

/** The dashboard's pages of a real station, without a port: what a browser would get. */
export class Pages {
  readonly records: Records;
  readonly #app: ReturnType<typeof createApp>;

  constructor(records: Records, app: ReturnType<typeof createApp>) {
    this.records = records;
    this.#app = app;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#app.request(`http://${HOST}${path}`, { headers: { host: HOST, ...headers } });
  }

  /** The page's HTML. Throws where it is not there. */
  async text(path: string): Promise<string> {
    const answer = await this.get(path);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}\n${text}`);
    return text;
  }

  /** The regions that a page sends while it is open, one after the other, until `enough`. */
  async live(path: string, enough: (name: string, html: string) => boolean, meanwhile = () => {}): Promise<void> {
    const answer = await this.get(path, { accept: 'text/event-stream' });
    const reader = answer.body?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    for (let isFirst = true; ; isFirst = false) {
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
      if (done) throw new Error(`${path} ended`);
      text += decoder.decode(value, { stream: true });
      if (isFirst) meanwhile();
      for (let at = text.indexOf('\n\n'); at !== -1; at = text.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(text.slice(0, at))?.[1] ?? '{}';
        text = text.slice(at + 2);
        const { name, html } = JSON.parse(data) as { name?: string; html?: string };
        if (name === undefined || html === undefined || !enough(name, html)) continue;
        await reader?.cancel();
        return;
      }
    }
  }
}

export async function pagesOf(t: TestContext, { root }: Pick<TestStation, 'root'>): Promise<Pages> {
  const station = await openStationToRead(await locateStation(root));
  const records = openRecords(station);
  t.defer(async () => {
    await records.close();
    await closeRepository(station.repo);
  });
  await records.ready;
  const hosts = new Set([HOST]);
  return new Pages(
    records,
    createApp({
      station,
      records,
      token: new Token(),
      hosts,
      port: 4747,
      isGuarded: false,
      startedAt: { tty: '/dev/pts/0' },
    }),
  );
}

/** The same for who asks about statuses and headers too, and waits until all that the ledger holds by now is read. */
export async function openPages(
  t: TestContext,
  root: string,
): Promise<{
  readonly records: Records;
  get(path: string): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
  whole(): Promise<void>;
}> {
  const pages = await pagesOf(t, { root });
  const { records } = pages;
  return {
    records,
    get: async (path) => {
      const response = await pages.get(path);
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
    whole: () => until(() => records.catalogue.isWhole && records.catalogue.seq >= records.board.seq, 'all is read'),
  };
}
