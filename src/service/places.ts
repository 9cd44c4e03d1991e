import type { Remedy } from '../model/errors.js';
import { type Parent, parseName, shortName } from '../model/names.js';
import type { Place } from '../store/store.js';
import type { Call } from './service.js';

/** Which jobs or executions to look for in all projects and locations: all of a kind, or those of a name. */
export type Wanted =
  { kind: 'job'; id?: string | undefined } | { kind: 'execution'; id?: string | undefined; job?: string | undefined };

/** Where there are such resources outside `here`. Only the owner of the projects, who may list them, learns that. */
export function placesElsewhere(call: Call, wanted: Wanted, here?: Parent): Place[] {
  if (call.enforced && call.account !== call.projectOwner) return [];
  const places = wanted.kind === 'job' ? call.store.jobPlaces(wanted.id) : call.store.executionPlaces(wanted);
  return places.filter(({ project, location }) => project !== here?.project || location !== here.location);
}

/** The most places to name. */
const named = 3;

/** Where else a resource of that name is; undefined if there is none. */
export function whereElse(call: Call, name: string): Remedy | undefined {
  const { execution, task, job, ...here } = parseName(name);
  const kind = execution === undefined ? 'job' : 'execution';
  const id = kind === 'job' ? job : task ? task.replace(/-task\d+$/, '') : shortName(name);
  const places = placesElsewhere(call, { kind, id }, here);
  const [place] = places;
  if (!place) return undefined;
  const shown = places.slice(0, named).map(({ project, location }) => `project ${project}, region ${location}`);
  const more = places.length > named ? `; and ${places.length - named} more` : '';
  if (places.length > 1) {
    return [
      `${kind === 'job' ? 'Jobs' : 'Executions'} named [${id}] are in ${shown.join('; ')}${more}: `,
      { elsewhere: {} },
    ];
  }
  const elsewhere = {
    ...(place.project !== here.project && { project: place.project }),
    ...(place.location !== here.location && { location: place.location }),
  };
  return [`${kind === 'job' ? 'A job' : 'An execution'} named [${id}] is in ${shown.join('')}: `, { elsewhere }];
}
