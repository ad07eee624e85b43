import { madeBy, sorted } from './document-index.ts';
import type { TextDocument } from './spoken-lines.ts';

/** All documents as one, by path, each below a heading with its path and otherwise as it is. A pure function of them, without a time. */
export function corpusText(documents: readonly TextDocument[], { folder }: { readonly folder: string }): string {
  const all = sorted(documents);
  const parts = all.map(({ path, text }) => {
    const plain = text
      .replace(/^\uFEFF/, '')
      .replace(/\r\n?/g, '\n')
      .trimEnd();
    return `\n---\n\n# ${path}\n\n${plain}\n`;
  });
  return [madeBy(parts, all.length), '', `# All documents of ${folder}`, ...parts].join('\n');
}
