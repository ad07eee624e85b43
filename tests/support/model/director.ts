import { type Dialogue, type Reply, type Standing, standing } from './dialogue.ts';
import { type Answer, DONE, type Fault, type ModelScript, type ModelUsage, type Turn, USAGE } from './script.ts';
import { replyOf, STRUCTURED } from './tools.ts';

/** What is to be done with one request. */
export interface Direction {
  readonly role: string | null;
  readonly turn: number | null;
  readonly usage: ModelUsage;
  readonly reply: Reply;
  readonly fault: Fault | null;
}

interface Round {
  readonly answer: Answer;
  /** Faults met at each turn. */
  readonly faults: Map<number, number>;
  /** Its last turn was given: the same prompt, asked anew, is another round. */
  over: boolean;
}

/** Says what each request is answered with: by the script, by what its history tells, and by which rounds a role has had. */
export class Director {
  readonly #script: ModelScript;
  readonly #rounds = new Map<string, Round>();
  readonly #asked = new Map<string, number>();

  constructor(script: ModelScript) {
    this.#script = script;
  }

  /** Throws where the script has nothing for a role. */
  direct(dialogue: Dialogue): Direction {
    const at = standing(dialogue);
    if (at === null) return aside();
    const round = this.#round(at);
    const turns = turnsOf(round.answer, dialogue);
    const turn: Turn = turns[at.given] ?? { say: DONE };
    const met = round.faults.get(at.given) ?? 0;
    const fault = turn.faults?.[met] ?? null;
    if (fault !== null) round.faults.set(at.given, met + 1);
    else if (at.given >= turns.length - 1) round.over = true;
    const usage = { ...USAGE, ...turn.usage };
    return { role: at.role, turn: at.given, usage, reply: replyOf(turn, dialogue.tools, at), fault };
  }

  #round({ role, key, given }: Standing): Round {
    const known = this.#rounds.get(key);
    if (known !== undefined && !(known.over && given === 0)) return known;
    const answers = this.#script.roles[role];
    const asked = this.#asked.get(role) ?? 0;
    const answer = answers?.[Math.min(asked, answers.length - 1)];
    if (answer === undefined) throw new Error(`the script has no answer for the role "${role}"`);
    this.#asked.set(role, asked + 1);
    const round = { answer, faults: new Map<number, number>(), over: false };
    this.#rounds.set(key, round);
    return round;
  }
}

/** An agent that wants structured output gets the packet that way too: it asks until it has it. */
function turnsOf(answer: Answer, { tools }: Dialogue): Answer {
  if (!tools.some(({ name }) => name === STRUCTURED)) return answer;
  return answer.flatMap((turn): Turn[] =>
    'packet' in turn && typeof turn.packet === 'object' ? [turn, { structured: turn.packet }] : [turn],
  );
}

/** Titles, classifications, warm-ups: what agents ask beside their work. */
function aside(): Direction {
  const say = '{"title":"A step","isNewTopic":false,"reasoning":"-","model_choice":"flash"}';
  return { role: null, turn: null, usage: USAGE, reply: { say }, fault: null };
}
