/** A fenced block of a Markdown document. */
export interface Block {
  language: string;
  /** What follows the language: the name of the file that the block is, or `exit=1` for commands that fail. */
  info: string;
  text: string;
  /** The heading of the second level above it; empty: there is none. */
  heading: string;
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  for (const [, title, language = '', info = '', text = ''] of markdown.matchAll(
    /^## (.+)$|^```(\S*) ?(.*)\n([^]*?)^```$/gm,
  )) {
    if (title === undefined) blocks.push({ language, info, text, heading });
    else heading = title;
  }
  return blocks;
}
