import type { Infer, Message } from '../../model/schema/field.js';
import type { RunnerCall } from '../../service/execution-runner.js';

/** The service as requests to the server see it. Executions run in the process of the server. */
export interface ServerCall extends RunnerCall {
  /** The id of the project whose number is `projectNumber`. */
  project: string;
  /** The location of requests that name none, which v1 allows. */
  location: string;
  /** Where the server is, without a slash at the end: `http://127.0.0.1:8080`. */
  address: string;
}

/** Where a method is in HTTP, as an annotation google.api.http says it. */
export interface HttpRule {
  verb: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Its variables are fields of the request, and a `*` in them is one segment. */
  path: string;
  /** The field of the request that is the body. `*`: the whole request. Absent: there is no body. */
  body?: string;
}

/** What a handler may know of the connection of its request. */
export interface Situation {
  /** Aborted when the client has gone, or when the server closes: then a method that waits answers at once. */
  readonly signal: AbortSignal;
}

/**
 * A method of the API, for every protocol. Its handler gets the request as proto3 JSON with names in lowerCamelCase,
 * decoded by the schema, and returns the answer likewise. It throws StatusErrors, and knows no protocol.
 */
export interface Method {
  /** The service in Google's protos, such as `google.cloud.run.v2.Jobs`. */
  service: string;
  rpc: string;
  http: HttpRule;
  request: Message;
  response: Message;
  /** Its answer depends on the request and the store alone, and not on the time. */
  pure?: true;
  handle(call: ServerCall, request: object, situation: Situation): object | Promise<object>;
}

/** The same with the types of its messages. */
interface Typed<Request extends Message, Response extends Message> extends Omit<Method, 'handle'> {
  request: Request;
  response: Response;
  handle(call: ServerCall, request: Infer<Request>, situation: Situation): Infer<Response> | Promise<Infer<Response>>;
}

/** A method for the table. */
export const method = <Request extends Message, Response extends Message>(of: Typed<Request, Response>): Method => of;
