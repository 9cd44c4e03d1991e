import { type Scalar, type ScalarTag, stringify, type Tags } from 'yaml';
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

/**
 * A resource in gcloud's YAML style, with keys in alphabetical order. Text that YAML 1.1 would read otherwise is
 * quoted, so that gcloud reads back what was written. With `plainLetters`, `y` and `n` are not quoted, as in gcloud's
 * own output.
 */
export const toYaml = (resource: unknown, { plainLetters = false } = {}): string =>
  stringify(JSON.parse(JSON.stringify(resource)), {
    version: '1.1',
    customTags: (tags) => [misread, escaped, ...tagsOf(tags, plainLetters)],
    sortMapEntries: true,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    singleQuote: true,
    indentSeq: false,
  });
