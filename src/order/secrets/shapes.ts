import { isPlaceholder, isRandom } from './randomness.ts';

/**
 * Forms that are secrets wherever they stand. The table is the single list: what is cut, what marks an order and what the docs tell come
 * from it. A form is told by its head, of bounded length; what else belongs to it is only looked at sign by sign. So the time is linear in
 * the text and the memory is bounded, whatever the text.
 */
export interface Shape {
  readonly kind: string;
  /** Only where a word begins. */
  readonly isWord?: true;
  /** What tells that a secret follows, and stays: `https://user:`. */
  readonly before?: string;
  /** Where the secret begins: a pattern of bounded length without groups that capture. */
  readonly head: string;
  /** The most signs that `before`, `head` and what they look at after it can take. */
  readonly most: number;
  /** The signs that go on with it, without end: the inside of a character class. */
  readonly tail?: string;
  /** It goes on until here. */
  readonly until?: 'end of key';
  /** Tells what only looks like one. `next`: the sign after the head, or nothing. */
  readonly isOne?: (head: string, before: string, next: string) => boolean;
}

const WORD = 'A-Za-z0-9_-';
/**
 * Where a word begins: also after what a newline or a tab is in JSON, and after a colour. A run of signs of words so is looked at once.
 */
export const START_OF_WORD = '(?:(?<![A-Za-z0-9_-])|(?<=\\\\[nrtbf])|(?<=\\[[0-9;]{0,8}m))';
/** It looks back at so many signs. */
export const LOOKED_BACK = 10;

/** A token with a prefix of its own: at least `least` signs of a class after it. */
function token(kind: string, prefix: string, least: number, signs = WORD, isOne: Shape['isOne'] = isNoFiller): Shape {
  return { kind, isWord: true, head: `${prefix}[${signs}]{${least}}`, most: 40 + least, tail: signs, isOne };
}

/** `ghp_xxxxxxxxxxxxxxxxxxxx` stands in documents for a token. */
function isNoFiller(head: string): boolean {
  return !/(.)\1{5}/.test(head) && !/EXAMPLE/i.test(head);
}

/** A name in lower case with hyphens begins like some keys do: `sk-fading-circle-with-dots`. */
function isMixed(head: string): boolean {
  return isNoFiller(head) && /[A-Z]|\d.*\d/.test(head);
}

const anyCase = (words: string): string => words.replace(/[a-z]/g, (c) => `[${c.toUpperCase()}${c}]`);

const SECRET_KEY = anyCase(
  '(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:api|access|private|secret|auth|account|signing|encryption)(?:_|-|)key)',
);
const VALUE = 'A-Za-z0-9+/=_.~!@#%^*?-';

/** A literal that is long and random enough to be one; an expression, a name or a path is none. */
function isLiteral(head: string, before: string, next: string): boolean {
  const isQuoted = /["'`]$/.test(before);
  return !(next === '(' || next === '[') && head.length >= (isQuoted ? 12 : 16) && isRandom(head);
}

export const SHAPES: readonly Shape[] = [
  {
    kind: 'private key',
    // what follows must look like a key: people also write of keys
    head: '-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?=(?:\\s|\\\\[nrt]|[-+>]){0,80}(?:[A-Za-z0-9+/]{16}|[A-Z][A-Za-z-]{2,20}: ))',
    most: 320,
    until: 'end of key',
  },
  token('age secret key', 'AGE-SECRET-KEY-1', 20, '0-9A-Z'),
  // OpenAI, Anthropic, OpenRouter and others that write theirs alike
  token('API key (sk-)', '[spr]k-', 16, WORD, isMixed),
  token('GitHub token', 'gh[pousr]_', 20, 'A-Za-z0-9'),
  token('GitHub token', 'github_pat_', 20, 'A-Za-z0-9_'),
  token('GitLab token', 'gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent|oas)-', 16),
  token('Slack token', 'xox[abeoprs]-', 10, 'A-Za-z0-9-'),
  token('Slack token', 'xapp-\\d-', 10, 'A-Za-z0-9-'),
  {
    kind: 'Slack webhook',
    before: 'hooks\\.slack\\.com/(?:services|workflows|triggers)/',
    head: '[A-Za-z0-9/+_-]{20}',
    most: 80,
    tail: 'A-Za-z0-9/+_-',
  },
  {
    kind: 'AWS access key',
    isWord: true,
    head: 'A(?:KI|SI|BI|CC)A[A-Z0-9]{16}(?![A-Za-z0-9])',
    most: 24,
    isOne: isNoFiller,
  },
  token('Google API key', 'AIza', 30),
  token('Google client secret', 'GOCSPX-', 20),
  token('Google access token', 'ya29\\.', 20),
  token('Stripe key', '[sr]k_live_', 10, 'A-Za-z0-9'),
  token('Stripe webhook secret', 'whsec_', 20, 'A-Za-z0-9+/='),
  token('npm token', 'npm_', 30, 'A-Za-z0-9'),
  token('PyPI token', 'pypi-AgE', 30),
  token('RubyGems key', 'rubygems_', 40, 'a-f0-9'),
  token('Docker token', 'dckr_[op]at_', 20),
  token('Hugging Face token', 'hf_', 30, 'A-Za-z0-9'),
  {
    kind: 'JSON web token',
    isWord: true,
    head: 'eyJ[A-Za-z0-9_-]{8,1024}\\.[A-Za-z0-9_-]{8}',
    most: 1040,
    tail: `.${WORD}`,
  },
  token('SendGrid key', 'SG\\.[A-Za-z0-9_-]{16,32}\\.', 16),
  { kind: 'Twilio key', isWord: true, head: 'SK[0-9a-f]{32}(?![A-Za-z0-9])', most: 40 },
  token('Mailgun key', 'key-', 32, '0-9a-f'),
  token('Telegram bot token', '[0-9]{8,10}:AA', 30),
  token('Discord token', '[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.', 25),
  {
    kind: 'Discord webhook',
    before: 'discord(?:app)?\\.com/api/webhooks/[0-9]{10,25}/',
    head: '[A-Za-z0-9_-]{30}',
    most: 100,
    tail: WORD,
  },
  token('Azure client secret', '[A-Za-z0-9]{3}[0-9]Q~', 25, 'A-Za-z0-9_~.-'),
  {
    kind: 'Azure account key',
    before: 'AccountKey=',
    head: '[A-Za-z0-9+/]{40}',
    most: 60,
    tail: 'A-Za-z0-9+/=',
  },
  {
    kind: 'Azure signature',
    before: '[?&]sig=',
    head: '[A-Za-z0-9%+/]{30}',
    most: 40,
    tail: 'A-Za-z0-9%+/=',
  },
  token('DigitalOcean token', 'do[opr]_v1_', 32, 'a-f0-9'),
  token('Shopify token', 'shp(?:at|ca|pa|ss)_', 24, 'A-Fa-f0-9'),
  token('Square token', 'sq0(?:atp|csp|idp)-', 20),
  token('Databricks token', 'dapi', 32, 'a-f0-9'),
  token('Linear key', 'lin_api_', 30, 'A-Za-z0-9'),
  token('Notion token', '(?:secret|ntn)_', 40, 'A-Za-z0-9'),
  token('Atlassian token', 'AT[AC]TT3', 40, 'A-Za-z0-9_=-'),
  token('Vault token', 'hv[sbr]\\.', 20),
  token('Groq key', 'gsk_', 20, 'A-Za-z0-9'),
  token('xAI key', 'xai-', 40, 'A-Za-z0-9'),
  token('Perplexity key', 'pplx-', 30, 'A-Za-z0-9'),
  token('Replicate token', 'r8_', 30, 'A-Za-z0-9'),
  token('Tailscale key', 'tskey-[a-z]{2,12}-', 12, 'A-Za-z0-9-'),
  token('Grafana token', 'gl(?:sa|c)_', 30, 'A-Za-z0-9_=+/'),
  token('New Relic key', 'NRAK-', 20, 'A-Z0-9'),
  token('Sentry token', 'sntry[su]_', 30, 'A-Za-z0-9+/=_'),
  token('PlanetScale token', 'pscale_(?:tkn|pw|oauth)_', 30, 'A-Za-z0-9_.-'),
  token('Doppler token', 'dp\\.(?:pt|st|ct|sa|scim|audit)\\.', 30, 'A-Za-z0-9_.-'),
  token('Supabase token', 'sbp_', 36, 'a-f0-9'),
  {
    kind: 'Authorization header',
    before: `${anyCase('authorization')}\\\\?["']?[ \\t]{0,4}[:=][ \\t]{0,4}\\\\?["']?[A-Za-z]{1,16}[ \\t]{1,4}`,
    head: '[A-Za-z0-9._~+/=-]{8,64}',
    most: 128,
    tail: 'A-Za-z0-9._~+/=-',
    isOne: (head) => !isPlaceholder(head),
  },
  {
    kind: 'bearer token',
    before: '[Bb]earer[ \\t]{1,8}',
    head: '[A-Za-z0-9._~+/-]{12,64}',
    most: 90,
    tail: 'A-Za-z0-9._~+/=-',
    isOne: (head) => isMixed(head) && !isPlaceholder(head) && !/^[A-Z_]+$/.test(head),
  },
  {
    kind: 'basic credentials',
    before: '[Bb]asic[ \\t]{1,8}',
    head: '[A-Za-z0-9+/]{8,64}',
    most: 90,
    tail: 'A-Za-z0-9+/=',
    isOne: (head) => /^[ -~]*:[ -~]*$/.test(Buffer.from(head.slice(0, head.length & ~3), 'base64').toString('latin1')),
  },
  {
    kind: 'password in a URL',
    before: '://[^\\s/:@"\'<>]{0,100}:',
    head: '[^\\s/@"\'<>?#]{3,200}(?=@)',
    most: 310,
    isOne: (head) => !isPlaceholder(head) && !/^[$%{]/.test(head),
  },
  {
    kind: 'value of a secret key',
    before: `${SECRET_KEY}\\\\?["']?\\]?[ \\t]{0,4}(?::=|=>|[:=])[ \\t]{0,4}\\\\?["'\`]?`,
    head: `[${VALUE}]{12,256}`,
    most: 310,
    tail: VALUE,
    isOne: isLiteral,
  },
  {
    kind: 'value of a secret option',
    before: `--[A-Za-z-]{0,24}${SECRET_KEY}[ \\t=]{1,2}\\\\?["']?`,
    head: `[${VALUE}]{12,256}`,
    most: 330,
    tail: VALUE,
    isOne: isLiteral,
  },
];
