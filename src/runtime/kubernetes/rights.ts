/** Rights by resource. */
export type Rights = readonly (readonly [resource: string, verbs: readonly string[]])[];

/** What localrun does in the namespace. */
export const needed: Rights = [
  ['pods', ['create', 'delete', 'get', 'list', 'patch', 'watch']],
  ['pods/log', ['get']],
  ['configmaps', ['create', 'delete', 'get', 'list']],
  ['secrets', ['create', 'delete', 'get', 'list']],
];

/** What it can do without; it then finds out less. */
export const helpful: Rights = [
  ['events', ['list']],
  ['nodes', ['get']],
];
