import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.ts';

/** JSON in UTF-8 is the one media type of bodies; no body at all is undefined. */
export function addBodyParser(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    const text = decoded(decoder, body as Buffer);
    if (text === undefined) return done(malformed('the body is not UTF-8'));
    parseJson(request, text, (error, value) =>
      error === null ? done(null, value) : done(malformed('the body is not JSON')),
    );
  });
}

const malformed = (detail: string): Problem => new Problem('malformed-json', detail);

function decoded(decoder: InstanceType<typeof TextDecoder>, bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
