import { StatusError } from '../../model/errors.js';
import type { Exchange } from '../exchange.js';
import { parentOf } from '../methods/names.js';
import { matched, pathTemplate, requestPath } from '../rest/path-template.js';
import { readQuery } from '../rest/query.js';
import { answer as answerRest } from '../rest/rest.js';
import { executions } from './executions.js';
import { jobs } from './jobs.js';
import { listLocations } from './locations.js';
import { PageQuery, type Query } from './method.js';
import { tasks } from './tasks.js';

const routes = [...jobs, ...executions, ...tasks].map((method) => {
  const path = method.path.replace('*', '{id=*}');
  return { method, template: pathTemplate(`/apis/run.googleapis.com/v1/namespaces/{namespace=*}/${path}`) };
});

const locations = pathTemplate('/v1/{name=projects/*}/locations');

/** The methods of policies are those of v2 at another path. */
const ofPolicies =
  /^\/v1(?=\/projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+:(?:getIamPolicy|setIamPolicy|testIamPermissions)$)/;

/** gcloud puts the region in front of the host. */
const regional = /^([a-z]+-[a-z]+\d+)-/i;

/** Answers a request of the v1 API, as gcloud sends them. */
export async function answer(exchange: Exchange): Promise<void> {
  const { call, httpMethod, path } = exchange;
  if (ofPolicies.test(path)) return answerRest(exchange, path.replace(ofPolicies, '/v2'));
  const given = requestPath(path);
  const region = regional.exec(exchange.host ?? '')?.[1]?.toLowerCase();
  const parentIn = (project: string) => parentOf(call, `projects/${project}/locations/${region ?? call.location}`);
  const named = given && httpMethod === 'GET' ? matched(locations, given) : undefined;
  if (named) {
    const { pretty } = readQuery(exchange.query, PageQuery, {});
    const [, name = ''] = named[0] ?? [];
    return exchange.json(200, listLocations(call, parentIn(name.slice('projects/'.length)).project), pretty);
  }
  for (const { method, template } of routes) {
    const values = given && method.verb === httpMethod ? matched(template, given) : undefined;
    if (!values) continue;
    const { namespace = '', id = '' } = Object.fromEntries(values);
    const query: Query = {};
    const { pretty } = readQuery(exchange.query, method.query, query);
    const body = await exchange.text();
    return exchange.json(
      200,
      await method.handle({ call, parent: parentIn(namespace), region, id, query, body }),
      pretty,
    );
  }
  throw new StatusError('NOT_FOUND', 'Method not found.');
}
