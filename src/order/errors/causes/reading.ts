import type { Causes } from './cause.ts';

/** Files that cannot be taken, or are no order that can be read. */
export const READING = {
  TOO_LARGE: {
    causes: [
      'The order carries large content inline, most often a binary file as base64, and is over intake.max_order_bytes (16 MiB unless set otherwise); of a folder bundle all files count together.',
      'A program wrote thousands of files into one YAML order: over 400,000 words and signs of YAML are not read, whatever the bytes.',
      'A file that the order is to change is larger than 1 GiB.',
    ],
    cure: [
      'Split the order into several, each with its own wo_id, and join them by `depends_on`.',
      'Of long lists write JSON in place of YAML: only YAML is bound by its number of words.',
      'Let a command make a file that is very large, and do not name it under `outputs`.',
      'Where orders of this size are meant to come, raise intake.max_order_bytes in waybill.yaml, and drop the file again.',
    ],
    see: ['reference-settings.md', 'writing-orders.md#files'],
  },
  NOT_UTF8: {
    causes: [
      'The file was saved as Latin-1, Windows-1252 or UTF-16, as some editors and `>` in PowerShell do.',
      'Binary content stands in the order as it is, in place of base64.',
      'A rule of the lane (`take` in waybill.yaml) puts {content} of a file into an order, and that file is no text.',
    ],
    cure: [
      'Go to the line and column that the error names, and look which character it is.',
      'Save the file as UTF-8, for instance with `iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW`.',
      'Write binary content as base64, with `encoding: base64` beside it; in a rule of a lane take {base64} in place of {content}.',
      'Check it with `waybill lint FILE`, then drop it again.',
    ],
    see: ['writing-orders.md#files', 'operating.md#lanes-and-rules'],
  },
  EMPTY: {
    causes: [
      'Whoever wrote the file made it first and filled it later, after the station had taken it.',
      'The file holds nothing but comments, white space or `---`.',
      'The disk of the writer was full, so that nothing arrived.',
    ],
    cure: [
      'Write the whole order under a name that begins with a dot, and rename it into the lane when it is finished; or hand it in with `waybill drop FILE`.',
      'Where there is no text yet, begin with `waybill new`.',
    ],
    see: ['writing-orders.md#dropping-it-completely'],
  },
  YAML_INVALID: {
    causes: [
      'A value that is not in quotes holds a colon or a # with a space beside it, or begins with a sign that means something in YAML, as `*`, `&`, `@`, `%` and `[` do.',
      'The indentation is wrong: tabs, or a line of a text block that is indented less than its first.',
      'A key stands twice in one mapping, often after two templates were put together.',
      'The order uses what orders may not: aliases (`*name`), tags (`!name`), a %YAML line, or several documents in one file.',
    ],
    cure: [
      'Read the hint in the error file: where it says _Write line_, that very change was tried and works.',
      'Otherwise go to the line and column named, put the value in quotes, or write long text as a block after `|`.',
      'Check it with `waybill lint FILE` until it is silent, then drop it again under the same wo_id.',
      'A program that writes orders better writes JSON, with the JSON writer of its language.',
    ],
    see: ['writing-orders.md#hints-that-work', 'writing-orders.md#what-comes-back'],
  },
  JSON_INVALID: {
    causes: [
      'There is a comma after the last entry, a comment, or a text in single quotes.',
      'The file ends too early: its writer was ended, or the disk was full.',
      'A key stands twice in one object.',
      'The text is YAML, and the name of the file ends in .json.',
    ],
    cure: [
      'Go to the line and column that the error names, and mend it; a hint that says _Write line_ was tried.',
      'Check it with `waybill lint FILE`, then drop it again under the same wo_id.',
      'Make the text with a JSON writer and not by joining strings.',
    ],
    see: ['writing-orders.md#hints-that-work', 'writing-orders.md#dropping-it-completely'],
  },
  TOO_DEEP: {
    causes: [
      'A program put a whole data structure of its own into `metadata` or a payload, deeper than intake.max_depth (32 unless set otherwise).',
      'Brackets were opened again and again and never closed, by a writer in a loop.',
    ],
    cure: [
      'Put that data into a file of its own, as text under `content`, or leave it out: `metadata` has no effect but for dry_run.',
      'Where such orders are meant to come, raise intake.max_depth in waybill.yaml (200 at most).',
    ],
    see: ['reference-settings.md', 'reference-actions.md#the-order'],
  },
  NOT_AN_ORDER: {
    causes: [
      'The file holds a list of orders; one file is one order.',
      'The file is prose, a log or a report that was put into the lane by mistake.',
      'The file is data: its mapping has more than 200 keys at the top.',
    ],
    cure: [
      'Write each order into a file of its own, as a mapping that begins with `wo_id:`.',
      'Compare it with a template: `waybill new`.',
      'For a lane that is to take files which are no orders, write a rule: `take` under `lanes.<LANE>` in waybill.yaml.',
    ],
    see: ['writing-orders.md#the-smallest-order', 'operating.md#lanes-and-rules'],
  },
  NOT_A_FILE: {
    causes: [
      'A symbolic link was put into the lane in place of the file.',
      'A folder lies in the lane that has no order of its own name: it would be NAME/NAME.yaml.',
      'A folder bundle holds a name of git’s own such as .git, a link or a pipe, or more than 1000 files: often a clone or node_modules.',
    ],
    cure: [
      'Look at what lies there: `ls -l bridge/inbox/LANE`. It was left where it is, and is refused only once.',
      'Remove it, and drop the order as a plain file: a copy, no link.',
      'Of a folder bundle keep only what belongs to the order, with NAME/NAME.yaml in it, and move it in as a whole.',
    ],
    see: ['writing-orders.md#dropping-it-completely', 'dialects.md#folder-bundle'],
  },
  UNCLAIMABLE: {
    causes: [
      'The file was dropped by another user with a mode that keeps the station from reading it, such as 0600.',
      'The lane folder belongs to somebody else or is sticky, as /tmp is, so that the station cannot move the file out of it.',
      'The name of the file is not valid UTF-8.',
      'It was taken, and could not be read any more when it was its turn: a fault of the disk, or somebody wrote into .git/waybill/claimed.',
    ],
    cure: [
      'See who owns file and folder: `ls -la bridge/inbox/LANE`, and compare with the user that runs the station.',
      'Give that user read access to the file, and write access to the folder: `chmod a+r FILE`, `chmod g+w FOLDER`. Then `touch FILE`: what was refused once is looked at again when it changes.',
      'What was taken already is kept: `waybill keep show NAME` with the name in the hint, then drop it again.',
      'Where several users drop, put them into one group with the station, and set that group on the lane folder with `chmod g+s`.',
    ],
    see: ['writing-orders.md#dropping-it-completely', 'security.md#claims-and-the-requester'],
  },
  CHANGED_AFTER_CLAIM: {
    causes: [
      'The writer paused for longer than intake.settle_ms (250 ms) in the middle of the file, so the station took it half finished; slow network folders and agents that stream do that.',
      'A program kept the file open and appended to it after it had been handed in.',
    ],
    cure: [
      'Look at what came late: `waybill keep ls` lists it as claim-…, and `waybill keep show NAME` prints its files.',
      'Drop the whole order again, with `waybill drop FILE` or by a rename from a name that begins with a dot.',
      'Let writers end YAML with a line `...`; where they cannot, raise intake.settle_ms in waybill.yaml.',
    ],
    see: ['writing-orders.md#dropping-it-completely', 'keeps.md'],
  },
  SCHEMA_INVALID: {
    causes: [
      'A number, a truth value or an instant is written as other text: `retries: three`, `dry_run: "yes"`, `not_before: tomorrow`.',
      'A single value stands where a list is wanted, or the other way round.',
      'A value cannot be kept as it is: a number with too many digits, content that is no base64.',
      '`set` names a file whose ending does not tell whether it is JSON, YAML or plist.',
    ],
    cure: [
      'Go to the field and line that the error names; its message says what may stand there.',
      'Look the field up in docs/reference-actions.md, or in schemas/order.schema.json.',
      'Check it with `waybill lint FILE`, then drop it again under the same wo_id.',
    ],
    see: ['reference-actions.md', 'writing-orders.md#hints-that-work', 'dialects.md#fields-of-every-shape'],
  },
  UNKNOWN_FIELD: {
    causes: [
      'A key is misspelt: it is within two letters of one that is known and that has an effect.',
      'A key of one action stands in another, where it means nothing.',
      'A word that asks for care, such as dry_run or approval, stands in a place where nobody would look for it; so nothing is done at all.',
    ],
    cure: [
      'Spell it as the error suggests, or remove it.',
      'Write what asks for care at the top of the order: `metadata: {dry_run: true}`, `approval: {}`, `self_apply: false`.',
      'Check it with `waybill lint FILE`, then drop it again.',
    ],
    see: ['reference-actions.md#the-order', 'dialects.md#fields-of-every-shape'],
  },
  AMBIGUOUS_FIELD: {
    causes: [
      'Two names for one field say different things: `owner: anna` and `assignee: bert`.',
      'Two shapes of orders were put together in one file, or the type does not fit what the order holds.',
      'An answer that wraps jobs holds more than one of them.',
    ],
    cure: [
      'Decide which of the two that the error names is meant, and remove the other.',
      'Where one file holds two orders, make two files of it.',
      'See how it would be read: `waybill lint FILE --fix` prints it in canonical form, once it can be read.',
    ],
    see: ['dialects.md#which-shape-it-is', 'dialects.md#what-is-refused'],
  },
  UNKNOWN_SHAPE: {
    causes: [
      'The order has an id and a title, and says nowhere what is to be done.',
      'What is to be done stands under a key that no shape has.',
    ],
    cure: [
      'Read in the message which shape is nearest, and which key it lacks; add it.',
      'Or begin with a template: `waybill new`.',
      'Work for an agent needs `type: mission` and `task`.',
      'See what the station understands with `waybill lint FILE --fix`.',
    ],
    see: ['dialects.md#which-shape-it-is', 'writing-orders.md#the-smallest-order'],
  },
  DEPRECATED_TYPE: {
    causes: [
      'An old template or agent still writes autonomous_build_cycle, which no station takes any more.',
      'An operator retired the type under deprecated_types in waybill.yaml.',
    ],
    cure: [
      'Do what the hint of the error says: the operator wrote there what takes its place.',
      'For autonomous_build_cycle write `type: mission` and `task`, or hand the task to `waybill spine run FILE`.',
      'Mend the template, or the prompt of the agent, that still has the old type.',
    ],
    see: ['dialects.md#what-is-refused', 'missions.md#writing-one'],
  },
  BUNDLE_INVALID: {
    causes: [
      'The order names a file that is not in the folder: it was left out, has another name, or was moved in after the rest.',
      'The order was dropped alone, and names a body_file that should lie beside it.',
      'The manifest, evidence/manifest.json, is no JSON, or not in the form that is expected.',
      'A path in it leads out of the folder.',
    ],
    cure: [
      'Put the folder together elsewhere: NAME/NAME.yaml, its body_file, and evidence_dir with manifest.json where it has one.',
      'Check it there: `waybill drop FOLDER --dry-run`.',
      'Then hand in the whole: `waybill drop FOLDER`, or move it into the lane in one step.',
    ],
    see: ['dialects.md#folder-bundle'],
  },
  CHECKSUM_MISMATCH: {
    causes: [
      'A file was changed after its checksum was written into manifest.json.',
      'Something changed the bytes on the way: line ends (CRLF), a byte order mark, a sync that was cut short.',
    ],
    cure: [
      'Find out which of the two is right; the message has the checksum that the file has now, and `sha256sum FILE` computes it again.',
      'Where the file is as it was meant, write that checksum and size into manifest.json; otherwise bring the right file.',
      'Drop the folder again as a whole.',
    ],
    see: ['dialects.md#folder-bundle'],
  },
  UNKNOWN_TYPE: {
    causes: ['The type is misspelt, or is one of another system.'],
    cure: [
      'Write one that is known: apply_patch, command, mission or ping. The error suggests the nearest.',
      'Or leave `type` out: what the order holds tells it.',
      'Check it with `waybill lint FILE`, then drop it again.',
    ],
    see: ['reference-actions.md#the-order', 'dialects.md#what-is-refused'],
  },
  NO_ID: {
    causes: ['The order has no `wo_id`, or an empty one: its writer counted on the name of the file.'],
    cure: [
      'Add the line that the error suggests as the first: `wo_id: NAME`.',
      'Take an id that no other order has; `waybill ls` lists those that are there.',
    ],
    see: ['writing-orders.md#the-smallest-order'],
  },
  BAD_ID: {
    causes: [
      'The id holds a space, a slash, a colon or a letter beyond ASCII; it becomes the name of files and of a git ref.',
      'The id is a number without quotes, as in `wo_id: 2026`.',
      'The id is longer than 128 characters, most often a title in its place.',
    ],
    cure: [
      'Write the id that the error suggests: letters, digits, dot, dash, underscore, at most 128.',
      'Put a number in quotes: `wo_id: "2026"`.',
      'Look for other orders that name the old id under `depends_on`, and change it there too.',
    ],
    see: ['reference-actions.md#the-order'],
  },
  DUPLICATE_ID: {
    causes: [
      'The id was used before: a template with a fixed id, or one made of the date alone.',
      'An order was changed and dropped again while the first one waits, runs or is done; only one that failed, was rejected or cancelled is revised like that.',
    ],
    cure: [
      'Look at the order that has the id: `waybill show ID`.',
      'For new work take a new wo_id, and drop it again.',
      'To replace one that has not begun, end it first with `waybill cancel ID`, then drop the new bytes under the same id.',
    ],
    see: ['writing-orders.md#the-same-id-again'],
  },
  ACTION_ORDER: {
    causes: [
      'A write, edit or other file action stands below a command in `actions`; file actions come first, because a command may see their result and never the other way round.',
    ],
    cure: [
      'Move the file actions above the first command, where the command does not need to run before them.',
      'Otherwise put them into a second order with `depends_on: [ID]` of this one.',
    ],
    see: ['writing-orders.md#actions', 'writing-orders.md#when-and-in-which-order'],
  },
  NOTHING_TO_DO: {
    causes: [
      '`files`, `actions` and the checks are missing or empty: a program found nothing to write, and dropped the order all the same.',
      'A mission has no `task`, or an empty one.',
    ],
    cure: [
      'Add at least one file, action or check; for a mission the line `task: what the agent is to do`.',
      'Where nothing was to be done, drop nothing. To try the way through a station, `waybill canary` sends a harmless order.',
    ],
    see: ['writing-orders.md#the-smallest-order', 'missions.md#writing-one'],
  },
} as const satisfies Causes;
