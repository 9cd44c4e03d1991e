/** What a command is about. */
const kinds = ['job', 'execution', 'task'] as const;
type Kind = (typeof kinds)[number];

export const isKind = (name: string): name is Kind => (kinds as readonly string[]).includes(name);

/** A resource that was named in full. */
interface Named {
  id: string;
  project: string;
  region?: string;
}

/**
 * What a command line names by more than an id: by the name that the v1 API or the v2 API has for it, or by the address
 * that `--uri` prints, here or in gcloud. Undefined for anything else, such as an id.
 */
export function named(kind: Kind, text: string): Named | undefined {
  const [address = '', hostRegion] =
    /^https?:\/\/(?:([a-z]+-[a-z]+\d+)-)?[^/]+\/(?:apis\/run\.googleapis\.com\/v1|v1|v2)\//.exec(text) ?? [];
  const name = text.slice(address.length);
  const [, namespace, ofV1, v1Id] = /^namespaces\/([^/]+)\/(job|execution|task)s\/([^/]+)$/.exec(name) ?? [];
  if (namespace !== undefined && ofV1 === kind && v1Id !== undefined) {
    return { id: v1Id, project: namespace, ...(hostRegion && { region: hostRegion }) };
  }
  const v2 =
    /^projects\/([^/]+)\/locations\/([^/]+)\/jobs\/([^/]+)(?:\/executions\/([^/]+)(?:\/tasks\/([^/]+))?)?$/.exec(name);
  const [, inProject, region, ...ids] = v2?.filter(Boolean) ?? [];
  const id = ids.at(-1);
  if (inProject === undefined || region === undefined || id === undefined) return undefined;
  return kinds[ids.length - 1] === kind ? { id, project: inProject, region } : undefined;
}
