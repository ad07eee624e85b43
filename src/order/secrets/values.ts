/** A value that must not be recorded, and the variable it came from. */
export interface SecretValue {
  readonly name: string;
  readonly value: string;
}

/** Names of variables whose values are secrets. `TOKENIZERS_PARALLELISM` is none, nor `SSH_AUTH_SOCK`. */
const SECRET_NAME =
  /SECRET|TOKEN(?!IZ)|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|(?:PRIVATE|ACCESS|ENCRYPTION|SIGNING|MASTER|ACCOUNT|AUTH|DEPLOY|SESSION|STORAGE)_?KEY|CREDENTIAL|CONNECTION_?STRING|(?:^|_)(?:PASS|AUTH|DSN|COOKIES?)$|_PWD$/i;
/** Names that tell of a secret, and hold where it is or how it is dealt with. */
const ABOUT_ONE = /_(?:FILE|PATH|DIR|SOCK|HELPER|TTL|LIMIT|COUNT|LENGTH|TYPE|NAME|ENABLED|ISSUER|PROVIDER)$/i;
/** Values that say how, and not what. */
const PLAIN_WORD =
  /^(?:true|false|yes|none|null|undefined|(?:en|dis)abled|required|optional|default|always|never|inherit|prompt|keyring|keychain|basic|bearer|production|development|staging|testing|\d{1,7})$/i;
const PLACE =
  /^(?:~|\.{1,2}|\/(?:home|Users|root|etc|var|usr|opt|tmp|run|private|Library|Applications|mnt|srv|Volumes|dev|proc|nix|work|workspace|app))\/[\w./ -]*$/;

/** Standard variables of OpenTelemetry that hold keys, as `name=value,name=value`. */
const OTLP_HEADERS = /^OTEL_EXPORTER_OTLP_(?:\w+_)?HEADERS$/;

/** Shorter ones stand in texts by chance. */
const SHORTEST = 6;
/** Those that settings name may be shorter: somebody has thought about them. */
const SHORTEST_NAMED = 4;
/** A line of a value of several lines is a secret of its own from here on: programs print them with other things before each. */
const SHORTEST_LINE = 20;

/**
 * The values that may not be recorded: of variables whose names look like secrets, of those that settings name (`commands.hide`), of those that
 * agents are handed by name (`handed`; not plain words and places, which stand in every text), and passwords in addresses that any variable holds.
 */
export function secretValues(
  environment: NodeJS.ProcessEnv,
  hide: readonly string[],
  handed: readonly string[] = [],
): SecretValue[] {
  const found = new Map<string, string>();
  const add = (name: string, value: string) => {
    if (!found.has(value)) found.set(value, name);
  };
  for (const [name, raw] of Object.entries(environment)) {
    const value = raw?.trim() ?? '';
    const isNamed = hide.includes(name);
    const looksSecret = isSecretName(name) || handed.includes(name);
    if (isNamed ? value.length >= SHORTEST_NAMED : looksSecret && isSecretValue(value)) {
      add(name, value);
      if (value.includes('\n'))
        for (const line of value.split('\n').map((l) => l.trim()))
          if (line.length >= SHORTEST_LINE && !line.startsWith('-----')) add(name, line);
    }
    if (OTLP_HEADERS.test(name)) for (const key of headerValues(value)) add(name, key);
    const password = /:\/\/[^\s/:@]{0,100}:([^\s/@]{6,})@/.exec(value)?.[1];
    if (password !== undefined && isSecretValue(password)) {
      add(name, password);
      add(name, unescaped(password));
    }
  }
  return [...found].map(([value, name]) => ({ name, value }));
}

/** Also without the word before the key itself: `Basic`, `Bearer`. */
function headerValues(headers: string): string[] {
  const values = headers.split(',').map((header) => header.slice(header.indexOf('=') + 1).trim());
  return values
    .flatMap((value) => [value, unescaped(value), unescaped(value).replace(/^\S+\s+/, '')])
    .filter(isSecretValue);
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !ABOUT_ONE.test(name);
}

function isSecretValue(value: string): boolean {
  return value.length >= SHORTEST && !PLAIN_WORD.test(value) && !PLACE.test(value);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The forms in which a value is looked for, as bytes in Latin-1: as it is, as programs write it into JSON, addresses and shell lines, in hex
 * digits, and in base64, also where it stands in the middle of something longer.
 */
export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const texts = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), value.replaceAll("'", "'\\''")];
  texts.push(encodeURIComponent(value).replaceAll('%20', '+'), value.replaceAll('\n', '\r\n'));
  const forms = texts.map((text) => Buffer.from(text, 'utf8').toString('latin1'));
  if (bytes.length >= SHORTEST) forms.push(bytes.toString('hex'), bytes.toString('hex').toUpperCase());
  if (bytes.length >= SHORTEST) forms.push(...base64Forms(bytes));
  return [...new Set(forms)];
}

/** By where the value begins among three bytes; the signs that also hold bits of its neighbours are left out. */
function base64Forms(bytes: Buffer): string[] {
  const within = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
    return whole.toString('base64').slice(Math.ceil((shift * 8) / 6), Math.floor((whole.length * 8) / 6));
  });
  return [bytes.toString('base64').replaceAll('=', ''), ...within]
    .filter((text) => text.length >= 8)
    .flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}
