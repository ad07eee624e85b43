/** What came of a request. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Somebody with a browser, as far as the gate of the dashboard sees one: cookies, Origin, Sec-Fetch-Site, forms. */
export class Visitor {
  readonly origin: string;
  #cookie: string | null = null;

  constructor(url: string) {
    this.origin = new URL(url).origin;
  }

  get cookie(): string {
    return this.#cookie ?? '';
  }

  /** Opens the address that the dashboard printed. */
  async signIn(url: string): Promise<Answer> {
    return this.send('GET', url.slice(this.origin.length));
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  /** Sends a form as a page of the dashboard would. */
  post(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    return this.send('POST', path, { body: new URLSearchParams(fields).toString() });
  }

  /** Sends the form of a page whose action and fields are these, as it stands there. */
  async submit(page: string, action: string, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { text } = await this.get(page);
    return this.post(action, { ...fieldsOf(text, action, more), ...more });
  }

  async send(
    method: string,
    path: string,
    { body, headers = {} }: { body?: string; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer> {
    const answer = await fetch(`${this.origin}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.#cookie === null ? {} : { cookie: this.#cookie }),
        'sec-fetch-site': 'same-origin',
        ...(method === 'POST' ? { origin: this.origin, 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const [set] = answer.headers.getSetCookie();
    if (set !== undefined) this.#cookie = set.split(';')[0] ?? null;
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }
}

/** The hidden fields of the form on a page that goes to this address and has these fields. Throws where there is none. */
export function fieldsOf(
  page: string,
  action: string,
  having: Readonly<Record<string, string>> = {},
): Record<string, string> {
  for (const [, target, inside = ''] of page.matchAll(/<form method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/gs)) {
    if (target !== action) continue;
    const hidden = [...inside.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
    const fields = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]));
    if (Object.entries(having).every(([name, value]) => !(name in fields) || fields[name] === value)) return fields;
  }
  throw new Error(`no form to ${action} on the page:\n${page.slice(page.indexOf('<main'), page.indexOf('</main'))}`);
}
