import { play, script } from './script.mjs';

/** Stands in for the command line of Claude Code: the prompt on standard input, lines of JSON on standard output, in the form of 2.1.330. */

const options = process.argv.slice(3);
const after = (name) => options[options.indexOf(name) + 1];

if (options.includes('--version')) {
  console.log(script.version ?? '2.1.330 (Claude Code)');
  process.exit(0);
}
if (options.includes('--help')) {
  const modes = '"acceptEdits", "auto", "bypassPermissions", "dontAsk", "manual", "plan"';
  const help = [
    '--json-schema <schema>',
    '--max-budget-usd <amount>',
    '--permission-prompts <target>',
    '--restricted ',
  ];
  console.log(
    script.help ?? `${help.join('\n')}\n--setting-sources <sources>\n--permission-mode <mode>  (choices:\n ${modes})`,
  );
  process.exit(0);
}

const session_id = options.includes('--resume') ? after('--resume') : '11111111-1111-4111-8111-111111111111';
const emit = (document) => console.log(JSON.stringify({ session_id, ...document }));
const figures = (input, output, costUSD = 0.5) => ({
  'claude-fake': {
    inputTokens: input,
    outputTokens: output,
    cacheReadInputTokens: 0,
    cacheCreationInputTokens: 0,
    costUSD,
  },
});

const pieces = [];
for await (const piece of process.stdin) pieces.push(piece);

let usage = {};
let result = {};
let messages = 0;
const own = {
  say: ({ text, tokens }) =>
    emit({
      type: 'assistant',
      message: {
        id: `msg_${++messages}`,
        content: [{ type: 'text', text }],
        usage: { input_tokens: tokens ?? 0, output_tokens: 1 },
      },
    }),
  emit: ({ document }) => emit(document),
  /** What the last word tells of tokens. */
  usage: ({ input, output }) => {
    usage = { modelUsage: figures(input, output), model_usage_since_last_result: figures(input, output) };
  },
  result: ({ fields }) => {
    result = fields;
  },
};

if (script.mode !== null)
  emit({ type: 'system', subtype: 'init', permissionMode: script.mode ?? after('--permission-mode') });
await play({ prompt: Buffer.concat(pieces), packet: script.packet, own });
emit({ type: 'result', subtype: 'success', is_error: false, result: 'Done.', ...usage, ...result });
process.exit(result.is_error ? 1 : 0);
