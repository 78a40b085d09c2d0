import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { checkBody } from '../commands.ts';
import { invalid, Problem } from './problem.ts';

/** JSON in UTF-8 is the one media type of bodies; no body at all is undefined. */
export function addBodyParser(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    const text = decoded(decoder, body as Buffer);
    if (text === undefined) return done(malformed('the body is not UTF-8'));
    parseJson(request, text, (error, value) => {
      if (error !== null) return done(refusal(text));
      // Not taken for an empty body: null is what a client sends by mistake.
      return value === null ? done(invalid('', 'must be an object')) : done(null, value);
    });
  });
}

/** Bodies come as they are (RFC 9110 §8.4): one that is compressed would be taken for another text, or for none. */
export function refuseCodings(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const coding = request.headers['content-encoding'] ?? 'identity';
    if (!hasBody(request) || coding.trim().toLowerCase() === 'identity') return done(null, payload);
    const detail = 'bodies are taken uncompressed: send it without Content-Encoding';
    // RFC 9110 §15.5.16: so the client learns which coding it was refused for.
    const headers = { 'accept-encoding': 'identity' };
    return done(new Problem('unsupported-media-type', detail, {}, headers));
  });
}

/** RFC 9112 §6. */
const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const nothing = z.strictObject({});

/** Where an address takes no body, its fields are refused too: whoever sends one expects it to do something. */
export function refuseFields(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.routeOptions.schema?.body === undefined) checkBody(nothing, request.body);
    done();
  });
}

const malformed = (detail: string): Problem => new Problem('malformed-json', detail);

/** Why the parser did not take a text: no JSON, or keys that reach for prototypes. */
function refusal(text: string): Problem {
  try {
    JSON.parse(text);
  } catch {
    return malformed(
      'the body is not JSON: send one object, whose names and texts are in double quotes',
    );
  }
  return invalid('', 'no field is called __proto__ or constructor: leave it out');
}

function decoded(decoder: InstanceType<typeof TextDecoder>, bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
