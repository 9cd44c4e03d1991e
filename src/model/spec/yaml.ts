import { type Scalar, type ScalarTag, stringify } from 'yaml';
import { hasControls, printable } from '../printable.js';

/** What gcloud's YAML reader stumbles over besides what YAML 1.1 takes for no text. */
const stumbling: ScalarTag = {
  tag: 'tag:yaml.org,2002:value',
  default: true,
  test: /^(?:=|[-+]_[0-7_]*)$/,
  resolve: (text) => text,
};

/** Text that has to be escaped, which YAML can do between double quotes only. */
const escaped: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) => typeof value === 'string' && (hasControls(value) || /\r|\p{Surrogate}/u.test(value)),
  resolve: (text) => text,
  stringify: ({ value }: Scalar) => printable(JSON.stringify(value), false),
};

/**
 * A resource as gcloud writes YAML, keys in alphabetical order. What YAML 1.1 takes for no text is quoted, so that gcloud
 * reads back what was written; it does not quote `n` and `y` itself.
 */
export const toYaml = (resource: unknown): string =>
  stringify(JSON.parse(JSON.stringify(resource)), {
    version: '1.1',
    customTags: (tags) => [stumbling, escaped, ...tags],
    sortMapEntries: true,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    singleQuote: true,
    indentSeq: false,
  });
