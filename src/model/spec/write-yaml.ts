import { Document, isMap, isScalar, isSeq, type Node, type Scalar, type ScalarTag, stringify, type Tags } from 'yaml';
import type { FieldPath } from '../field-path.js';
import { hasControls, printable } from '../printable.js';

/** Text that gcloud's YAML reader misreads, besides what YAML 1.1 does not read as text. */
const misread: ScalarTag = {
  tag: 'tag:yaml.org,2002:value',
  default: true,
  test: /^(?:=|<<|---|\.\.\.|[-+]_[0-7_]*)$/,
  resolve: (text) => text,
};

/** Text that needs escapes, which YAML allows only in double quotes. */
const escaped: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) => typeof value === 'string' && (hasControls(value) || /[\r\t]|\p{Surrogate}/u.test(value)),
  resolve: (text) => text,
  stringify: ({ value }: Scalar) => printable(JSON.stringify(value), false),
};

/** The tags of YAML 1.1, changed so that `<<` is quoted text, and so are `y` and `n` unless letters are `plain`. */
const tagsOf = (tags: Tags, plain: boolean): Tags =>
  tags.flatMap((tag) => {
    if (typeof tag !== 'object' || !('test' in tag) || !tag.test) return tag;
    if (tag.tag.endsWith('merge')) return [];
    if (!plain || !tag.tag.endsWith('bool')) return tag;
    return { ...tag, test: new RegExp(`(?![YyNn]$)${tag.test.source}`) };
  });

const styleOf = (plainLetters: boolean) =>
  ({
    version: '1.1',
    customTags: (tags: Tags) => [misread, escaped, ...tagsOf(tags, plainLetters)],
    lineWidth: 0,
    singleQuote: true,
    indentSeq: false,
  }) as const;

/**
 * A resource in gcloud's YAML style, with keys in alphabetical order. Text that YAML 1.1 would read otherwise is
 * quoted, so that gcloud reads back what was written. With `plainLetters`, `y` and `n` are not quoted, as in gcloud's
 * own output.
 */
export const toYaml = (resource: unknown, { plainLetters = false } = {}): string =>
  stringify(JSON.parse(JSON.stringify(resource)), {
    ...styleOf(plainLetters),
    sortMapEntries: true,
    aliasDuplicateObjects: false,
  });

/**
 * A resource in the same style, with keys in their order, and with comments: behind a value, above a list or a mapping,
 * and those of `head` at the top.
 */
export function toCommentedYaml(
  resource: unknown,
  comments: readonly { at: FieldPath; text: string }[],
  head: readonly string[],
): string {
  const style = styleOf(false);
  const document = new Document(JSON.parse(JSON.stringify(resource)), { ...style, aliasDuplicateObjects: false });
  for (const { at, text } of comments) {
    const node = document.getIn(at, true) as Node | undefined;
    if (!node) continue;
    const comment = ` ${oneLine(text)}`;
    const holder: unknown = document.getIn(at.slice(0, -1), true);
    const pair = isMap(holder) ? holder.items.find(({ key }) => isScalar(key) && key.value === at.at(-1)) : undefined;
    const key = (pair?.key as Node | undefined) ?? node;
    if (isScalar(node)) node.comment = comment;
    else key.commentBefore = [key.commentBefore, comment].filter(Boolean).join('\n');
    // Empty ones are written in one line.
    if ((isMap(node) || isSeq(node)) && node.items.length === 0) node.flow = true;
  }
  const top = head.map((line) => `# ${oneLine(line)}`.trimEnd());
  return `${top.join('\n')}\n${document.toString(style)}`;
}

/** A comment ends with its line. */
const oneLine = (text: string): string => printable(text.replaceAll(/[\r\n\u0085\u2028\u2029]+/g, ' '), false);
