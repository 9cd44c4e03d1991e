import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { type Status, statusOf } from '../status.js';
import { messageNamed, written } from './messages.js';

const rpcStatus = messageNamed('google.rpc.Status');

/** The most bytes that an error takes in the headers: clients on gRPC's core, as in Python, take 8 KB in all. */
const maxBytes = 7000;

/** An error as gRPC answers it. Its message is sent percent-encoded, its details as bytes in base64. */
export function grpcStatus(error: unknown): StatusObject {
  const { code, message: whole, details } = statusOf(error);
  const message = encodable(whole);
  const metadata = new Metadata();
  const bytes = encodedDetails({ code, message, details }, maxBytes - encodeURI(message).length);
  if (bytes) metadata.set('grpc-status-details-bin', bytes);
  return { code: status[code], details: message, metadata };
}

/** Lone surrogates cannot be encoded, and what is too long is cut. */
function encodable(message: string): string {
  const text = Buffer.from(message).toString();
  return encodeURI(text).length <= maxBytes ? text : encodable(`${text.slice(0, text.length / 2)}…`);
}

/** The status as a google.rpc.Status, with as many violations as there is room for. */
function encodedDetails({ code, message, details }: Status, room: number): Buffer | undefined {
  for (let most = 64; most > 0 && details.length > 0; most = Math.floor(most / 2)) {
    const bytes = written(rpcStatus, {
      code: status[code],
      message,
      details: details.map(({ fieldViolations, ...rest }) => ({
        ...rest,
        ...(Array.isArray(fieldViolations) && { fieldViolations: fieldViolations.slice(0, most) }),
      })),
    });
    if (bytes.length * (4 / 3) <= room) return bytes;
  }
  return undefined;
}
