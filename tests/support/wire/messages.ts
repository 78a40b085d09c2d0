import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { anyPb, sharedPb, statusPb, streamsPb } from './driver.ts';
import type { Appended, Expected, Proposed, Stored } from './log.ts';

/** Our events ↔ the protocol's messages. */

const bytes = (value: Uint8Array | string): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value, 'base64') : value;

export const nameOf = (identifier: { getStreamName(): Uint8Array | string } | undefined): string =>
  Buffer.from(bytes(identifier?.getStreamName() ?? '')).toString('utf8');

const identifier = (stream: string) => {
  const message = new sharedPb.StreamIdentifier();
  message.setStreamName(Buffer.from(stream).toString('base64'));
  return message;
};

const uuid = (id: string) => {
  const message = new sharedPb.UUID();
  message.setString(id);
  return message;
};

/** The driver sends structured ids in one place and texts in another. */
export function idOf(message: InstanceType<typeof sharedPb.UUID> | undefined): string {
  const structured = message?.getStructured();
  if (structured === undefined) return message?.getString() ?? '';
  const half = (bits: string) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex =
    half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export function proposedOf(
  message: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage,
): Proposed {
  const map = message.getMetadataMap();
  return {
    id: idOf(message.getId()),
    type: map.get('type') ?? '',
    isJson: map.get('content-type') === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

export function eventMessage(stored: Stored): ReadResp {
  const event = new streamsPb.ReadResp.ReadEvent.RecordedEvent();
  event.setId(uuid(stored.id));
  event.setStreamIdentifier(identifier(stored.stream));
  event.setStreamRevision(String(stored.revision));
  event.setCommitPosition(String(stored.position));
  event.setPreparePosition(String(stored.position));
  const map = event.getMetadataMap();
  map.set('type', stored.type);
  map.set('content-type', stored.isJson ? 'application/json' : 'application/octet-stream');
  map.set('created', String(BigInt(stored.created) * 10_000n));
  event.setData(Buffer.from(stored.data).toString('base64'));
  event.setCustomMetadata(Buffer.from(stored.metadata).toString('base64'));
  const read = new streamsPb.ReadResp.ReadEvent();
  read.setEvent(event);
  read.setCommitPosition(String(stored.position));
  const message = new streamsPb.ReadResp();
  message.setEvent(read);
  return message;
}

export function confirmation(id: string): ReadResp {
  const inner = new streamsPb.ReadResp.SubscriptionConfirmation();
  inner.setSubscriptionId(id);
  const message = new streamsPb.ReadResp();
  message.setConfirmation(inner);
  return message;
}

export function caughtUp(): ReadResp {
  const message = new streamsPb.ReadResp();
  message.setCaughtUp(new streamsPb.ReadResp.CaughtUp());
  return message;
}

export function checkpoint(position: bigint): ReadResp {
  const inner = new streamsPb.ReadResp.Checkpoint();
  inner.setCommitPosition(String(position));
  inner.setPreparePosition(String(position));
  const message = new streamsPb.ReadResp();
  message.setCheckpoint(inner);
  return message;
}

export function streamNotFound(stream: string): ReadResp {
  const inner = new streamsPb.ReadResp.StreamNotFound();
  inner.setStreamIdentifier(identifier(stream));
  const message = new streamsPb.ReadResp();
  message.setStreamNotFound(inner);
  return message;
}

export function expectedOf(options: AppendReq.Options | BatchAppendReq.Options): Expected {
  if (options.hasNoStream()) return -1;
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'exists';
  return Number('getRevision' in options ? options.getRevision() : options.getStreamPosition());
}

export function appendAnswer(result: Appended): AppendResp {
  const message = new streamsPb.AppendResp();
  if (result.kind === 'conflict') {
    const conflict = new streamsPb.AppendResp.WrongExpectedVersion();
    if (result.current < 0) conflict.setCurrentNoStream(new sharedPb.Empty());
    else conflict.setCurrentRevision(String(result.current));
    message.setWrongExpectedVersion(conflict);
    return message;
  }
  const position = new streamsPb.AppendResp.Position();
  position.setCommitPosition(String(result.position));
  position.setPreparePosition(String(result.position));
  const success = new streamsPb.AppendResp.Success();
  success.setCurrentRevision(String(result.revision));
  success.setPosition(position);
  message.setSuccess(success);
  return message;
}

export function batchAnswer(
  request: BatchAppendReq,
  stream: string,
  fill: (answer: BatchAppendResp) => void,
): BatchAppendResp {
  const message = new streamsPb.BatchAppendResp();
  message.setCorrelationId(request.getCorrelationId());
  message.setStreamIdentifier(identifier(stream));
  fill(message);
  return message;
}

export const batchResult = (result: Appended) => (answer: BatchAppendResp) => {
  if (result.kind === 'conflict') {
    const conflict = new sharedPb.WrongExpectedVersion();
    if (result.current >= 0) conflict.setCurrentStreamRevision(String(result.current));
    batchError('WrongExpectedVersion', conflict.serializeBinary())(answer);
    return;
  }
  const position = new sharedPb.AllStreamPosition();
  position.setCommitPosition(String(result.position));
  position.setPreparePosition(String(result.position));
  const success = new streamsPb.BatchAppendResp.Success();
  success.setCurrentRevision(String(result.revision));
  success.setPosition(position);
  answer.setSuccess(success);
};

/** google.rpc.Status whose details name one of the protocol's own errors. */
export const batchError = (name: string, body: Uint8Array) => (answer: BatchAppendResp) => {
  const details = new anyPb.Any();
  details.pack(body, `event_store.client.${name}`);
  const status = new statusPb.Status();
  status.setMessage(name);
  status.setDetails(details);
  answer.setError(status);
};

export const tooLarge = (allowed: number) => {
  const body = new sharedPb.MaximumAppendSizeExceeded();
  body.setMaxappendsize(allowed);
  return batchError('MaximumAppendSizeExceeded', body.serializeBinary());
};
export const timedOut = () => batchError('Timeout', new sharedPb.Timeout().serializeBinary());
