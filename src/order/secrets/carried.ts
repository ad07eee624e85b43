import type { SecretPlace } from '../event.ts';
import { invocationText, type Order, type Warning } from '../order.ts';
import { findSecrets, type Redactor } from './redactor.ts';

/** A request as it came: the order's bytes, and what lay beside it. */
interface Request {
  readonly bytes: Buffer;
  readonly attachments: readonly { readonly path: string; readonly bytes: Buffer }[] | null;
}

/** A request with more of them is told of with these. */
const MOST_TOLD = 20;

/**
 * The secrets that a request holds: where they stand in the files as they came, and those that only show when the order is read, because the
 * request has them in another form, as in base64. Their values are not told.
 */
export function secretsIn(redactor: Redactor, request: Request, order: Order | null): SecretPlace[] {
  const files = [{ path: '', bytes: request.bytes }, ...(request.attachments ?? [])];
  const plain = files.flatMap(({ path, bytes }) =>
    findSecrets(bytes, redactor).map(({ kind, line, column }) => ({
      kind,
      where: `${path === '' ? '' : `${path}:`}${line}:${column}`,
    })),
  );
  const kinds = new Set(plain.map(({ kind }) => kind));
  const hidden = (order === null ? [] : partsOf(order)).flatMap(({ where, content }) =>
    findSecrets(content, redactor).flatMap(({ kind }) => (kinds.has(kind) ? [] : [{ kind, where }])),
  );
  return [...plain, ...hidden].slice(0, MOST_TOLD);
}

interface Part {
  readonly where: string;
  readonly content: string | Buffer;
}

/** What an order says and does, as it is understood. */
function partsOf(order: Order): Part[] {
  const { title, summary, fileActions, commands, checks } = order;
  const files = fileActions.flatMap((action): Part[] => {
    if ('content' in action) return [{ where: `content of ${action.path}`, content: action.content }];
    if (action.action === 'edit') return [{ where: `edit of ${action.path}`, content: action.text }];
    return action.action === 'patch' ? [{ where: 'patch', content: action.patch }] : [];
  });
  const runs = [...commands, ...checks].map(({ name, run }) => ({
    where: `command ${name}`,
    content: invocationText(run),
  }));
  return [{ where: 'title', content: title }, { where: 'summary', content: summary }, ...files, ...runs];
}

/** What the author of an order that carries some is told. */
export function secretWarnings(secrets: readonly SecretPlace[]): Warning[] {
  const [first, ...others] = secrets;
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const [, line, column] = /^(\d+):(\d+)$/.exec(first.where) ?? [];
  return [
    {
      code: 'secret',
      message: `the order carries a secret (${first.kind}, ${first.where})${more}: name an environment variable in its place, and let commands.env of waybill.yaml hand it to the command`,
      ...(line === undefined ? {} : { line: Number(line), column: Number(column) }),
    },
  ];
}
