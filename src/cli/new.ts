import { print } from './output.ts';

/** A template that is valid as it stands. */
export async function newOrder(options: Record<string, unknown>): Promise<void> {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const id =
    typeof options['id'] === 'string'
      ? options['id']
      : `WO-${day}-${Math.random().toString(36).slice(2, 6).toUpperCase()}`;
  const title = typeof options['title'] === 'string' ? options['title'] : 'Say hello';
  print(`wo_id: ${id}
title: ${JSON.stringify(title)}
priority: P2
# owner: anna
# depends_on: [WO-OTHER]
# retries: 2

files:                        # written with exactly these bytes
  - path: docs/hello-${id.toLowerCase()}.md
    # mode: "0755"
    content: |
      Hello from ${id}.

# actions:                    # after files, in this order
#   - {action: append,  path: CHANGES.md, content: "- said hello\\n"}
#   - {action: edit,    path: README.md, find: "old text", replace: "new text"}
#   - {action: patch,   patch: "--- a/x\\n+++ b/x\\n@@ -1 +1 @@\\n-a\\n+b\\n"}
#   - {action: move,    path: a.txt, to: b.txt}
#   - {action: delete,  path: old.txt}
#   - {action: command, argv: [make, docs], outputs: [docs/index.html]}

# tests:                      # commands run only when waybill.yaml allows them
#   - {name: it is there, command: "test -f README.md && echo yes", expected: "yes"}
...`);
}
