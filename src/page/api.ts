import type { Overrides } from '../model/schema/run.js';
import type { YamlVersion } from './data.js';
import { frozen } from './frozen.js';

/** The page changes things as any other client of the API does. */

async function post(path: string, body: object): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { error?: { message: string } };
  if (!response.ok) throw new Error(answer.error?.message ?? `The server answered ${response.status}.`);
  return answer;
}

/** Runs a job, and returns the full name of the execution. @throws Error with what the server says */
export async function run(job: string, overrides: Overrides): Promise<string> {
  const { metadata } = (await post(`/v2/${job}:run`, { overrides })) as { metadata: { name: string } };
  return metadata.name;
}

/** @throws Error with what the server says */
export const cancel = (execution: string): Promise<unknown> => post(`/v2/${execution}:cancel`, {});

/** @param address the query of the resource */
export async function yaml(address: string, version: YamlVersion): Promise<string> {
  if (frozen) return frozen.yaml[version];
  const response = await fetch(`/_localrun/yaml?${address}&version=${version}`);
  if (!response.ok) throw new Error(((await response.json()) as { error: { message: string } }).error.message);
  return response.text();
}

export const said = (error: unknown): string =>
  error instanceof TypeError ? 'The server does not answer.' : (error as Error).message;
