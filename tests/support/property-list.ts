import { SaxesParser } from 'saxes';

/** A value of a property list, with what integers are kept apart from strings. */
export type Parsed = string | number | boolean | Parsed[] | { [key: string]: Parsed };

/** Reads an XML property list by a parser that shares no code with the writer. Throws for what is none. */
export function readPropertyList(text: string): Parsed {
  const parser = new SaxesParser();
  const open: { name: string; text: string; values: Parsed[]; keys: string[] }[] = [];
  let root: Parsed | undefined;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name }) => void open.push({ name, text: '', values: [], keys: [] }));
  parser.on('text', (more) => {
    const top = open.at(-1);
    if (top !== undefined) top.text += more;
  });
  parser.on('closetag', ({ name }) => {
    const done = open.pop();
    const above = open.at(-1);
    if (done === undefined) throw new Error(`unexpected end of ${name}`);
    if (name === 'key') above?.keys.push(done.text);
    else if (name === 'plist') root = done.values[0];
    else above?.values.push(valueFrom(done));
  });
  parser.write(text).close();
  if (root === undefined) throw new Error('no property list');
  return root;
}

function valueFrom({
  name,
  text,
  values,
  keys,
}: {
  name: string;
  text: string;
  values: Parsed[];
  keys: string[];
}): Parsed {
  if (name === 'string') return text;
  if (name === 'integer') return Number(text);
  if (name === 'true' || name === 'false') return name === 'true';
  if (name === 'array') return values;
  if (name === 'dict' && keys.length === values.length)
    return Object.fromEntries(keys.map((key, n) => [key, values[n] ?? '']));
  throw new Error(`no value of a property list: ${name}`);
}
