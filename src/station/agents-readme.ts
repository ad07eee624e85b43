import type { Settings } from './settings.ts';

/** bridge/README.md: how an agent drops an order and where the answer comes. Written by init, in the repository's own words. */
export function agentsReadme(settings: Settings): string {
  const { inbox, outbox, quarantine, state } = settings.paths;
  const lane = settings.defaultLane;
  return `# Work orders

This repository is a Waybill station. To have something done here, drop a work order; don't change files around it.

## Drop one

Write a YAML file (or JSON) into a lane, \`${inbox}/${lane}/\`. End YAML with a line \`...\`, so that it is taken at once and never
half-written; or write it elsewhere and move it in. \`waybill drop FILE\` does both for you. An order with files that belong to it may be a
folder, \`WO-1/WO-1.yaml\` and what lies beside it: put it together elsewhere, then move it in. Other shapes of orders are read too;
\`waybill lint --fix FILE\` prints how yours is understood, in this form.

    wo_id: WO-20251113-EXAMPLE        # unique; also the name of every record
    title: One line that becomes the commit's subject
    priority: P2                      # P0 first, P3 last
    files:
      - path: docs/hello.md
        content: |
          hello
    actions:                          # after files, in this order
      - {action: edit, path: README.md, find: "## Old", replace: "## New"}
    tests:
      - {name: it is there, command: "test -f docs/hello.md && echo yes", expected: "yes"}
    ...

Other actions: \`write append prepend edit set patch delete move restore command\`. policy.yaml says what runs at once,
what waits for a person, and what never runs: most commands and checks wait. \`waybill policy explain FILE\` tells before you drop it.
Fields are data: \`$(date)\` in a path or in content stays these seven characters. Only commands reach a shell.

## Read the answer

- \`${outbox}/${lane}/<wo_id>.result.json\`: \`status\` is done, failed, rejected or cancelled; \`error\` has a code, a message and a hint.
- A file that could not be accepted: \`${outbox}/${lane}/<file>.<claim>.result.json\`, and the file itself, byte for byte, in
  \`${quarantine}/${lane}/\` beside its \`.error.json\`. A hint that says what to write in which line can be done word for word;
  \`waybill explain CODE\` shows an example.
- While it waits or runs: \`${state}/<wo_id>.json\`, or \`waybill why <wo_id>\`.

Drop the same file again to have the answer again. To change an order that failed, mend the file and drop it under the same wo_id.
Check a file before you drop it: \`waybill lint FILE\`.

## Before you say that something is missing or broken

Ask what became of it: \`waybill history PATH\`. It tells whether the file never existed (make it), existed and vanished (since when, by what: bring it back),
or exists and is broken (mend it where it is), with the evidence and a command that does it. Say both in your report: what is now, and what was. What others
learned before you: \`waybill lessons search WORDS\`. What you learned: \`waybill lessons add --type pattern --title "..."\`.
`;
}
