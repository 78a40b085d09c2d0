import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifySchemaCompiler } from 'fastify';
import * as z from 'zod';
import { addBodyParser, refuseCodings, refuseFields } from './body.ts';
import { addCors } from './cors.ts';
import type { AppDeps } from './deps.ts';
import { createEdge, type Edge } from './edge.ts';
import { problemOf } from './failure.ts';
import { finishAnswers } from './finish-answers.ts';
import { refuseFraming } from './framing.ts';
import { addMetrics } from './metrics.ts';
import { openapiOptions } from './openapi.ts';
import { addPressure } from './pressure.ts';
import { invalid, Problem } from './problem.ts';
import { queryValidator } from './query.ts';
import { addRates } from './rate.ts';
import { sendProblem } from './reply.ts';
import { adminRoutes } from './routes/admin.ts';
import { announcementRoutes } from './routes/announcements.ts';
import { calendarRoutes } from './routes/calendars.ts';
import { changeStreamRoutes } from './routes/change-stream.ts';
import { changeRoutes } from './routes/changes.ts';
import { docsRoutes, openapiRoute } from './routes/docs.ts';
import { eventRoutes } from './routes/events.ts';
import { facetRoutes } from './routes/facets.ts';
import { feedRoutes } from './routes/feeds.ts';
import { meetingRoutes } from './routes/meetings.ts';
import { operationRoutes } from './routes/operation.ts';
import { pageRoutes } from './routes/pages.ts';
import { savedFeedRoutes } from './routes/saved-feeds.ts';
import { slipRoutes } from './routes/slips.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { rememberRoutes } from './routes-known.ts';
import { createServer } from './server.ts';
import { addTurns } from './turns.ts';
import { addWrites } from './writes.ts';

export type { AppDeps, Calendars, CalendarText, FeedAsk, Feeds, Limits, Tokens } from './deps.ts';

/** The whole HTTP edge, ready to listen or to be injected into; `close()` finishes what is under way. */
export function buildApp(deps: AppDeps): FastifyInstance {
  const edge = createEdge(deps);
  const app = createServer(edge);
  refuseFraming(app);
  addTurns(app, edge);
  // Before the limits: a script of another site is to read why it was refused, and for how long.
  addCors(app, edge);
  addRates(app, edge);
  addPressure(app, edge);
  addRefusals(app, edge);
  const durations = addMetrics(app, edge);
  addBodyParser(app);
  refuseCodings(app);
  refuseFields(app);
  app.setValidatorCompiler(validator);
  // Answers are sent as bytes; their schemas are for the document and the tests.
  app.setSerializerCompiler(() => JSON.stringify);
  app.register(swagger, openapiOptions(deps.version, deps.publicUrl));
  app.register(async (scope) => {
    meetingRoutes(scope, edge);
    announcementRoutes(scope, edge);
    facetRoutes(scope, edge);
    slipRoutes(scope, edge);
    changeRoutes(scope, edge);
    changeStreamRoutes(scope, edge);
    calendarRoutes(scope, edge, durations);
    feedRoutes(scope, edge);
    savedFeedRoutes(scope, edge);
    eventRoutes(scope, edge);
    operationRoutes(scope, edge);
    adminRoutes(scope, edge);
    tokenRoutes(scope, edge);
    openapiRoute(scope);
    addWrites(scope, edge);
  });
  app.register(async (scope) => pageRoutes(scope, edge));
  app.register(async (scope) => docsRoutes(scope, edge));
  return app;
}

/** Errors, unknown addresses and methods; the example's clock; the end of long answers. */
function addRefusals(app: FastifyInstance, edge: Edge): void {
  const { deps, limits } = edge;
  const unrouted = rememberRoutes(app);
  const tellOutage = outages(edge);
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, limits);
    if (problem.code === 'store-unavailable') tellOutage(error);
    if (problem.code !== 'internal') return sendProblem(reply, problem);
    const instance = `urn:uuid:${deps.randomUuid()}`;
    deps.log.error(
      { err: error, instance, method: request.method, route: request.routeOptions.url },
      'a request failed',
    );
    return sendProblem(reply, new Problem('internal', problem.message, { instance }));
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (deps.exampleClock) reply.header('chancery-clock', new Date(deps.clock()).toISOString());
    tellDegraded(deps.store, reply);
    const target = request.raw.url ?? '';
    if (target.length > limits.urlLength) {
      return done(invalid('', `the address is longer than ${limits.urlLength} characters`));
    }
    // Before the body is looked at: what it is does not matter where nothing takes it.
    return request.is404 ? done(unrouted(request.method, request.url)) : done();
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, unrouted(request.method, request.url)),
  );
  const answers = finishAnswers(app.server);
  app.addHook('preClose', async () => {
    answers.begin();
    edge.closing.abort(new Error('the server is closing'));
    await answers.takenIn();
  });
}

/** What is read is right as far as it goes, but the log may have gone on without this server. */
function tellDegraded({ awaySince }: AppDeps['store'], reply: FastifyReply): void {
  if (awaySince === undefined) return;
  const since = new Date(awaySince).toISOString();
  reply.header('chancery-degraded', `store-unavailable;since="${since}"`);
}

/** Of one outage, many requests fail: the log hears of it once in a while. */
const OUTAGE_MS = 10_000;

/** Why the store does not answer is for the operator: the caller is told what to do, and no file or address. */
function outages({ deps }: Edge): (err: unknown) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (err) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < OUTAGE_MS) return;
    toldMs = nowMs;
    deps.log.warn({ err }, 'the event store does not answer');
  };
}

/** Queries and paths by their zod schemas; bodies are checked by the handler, which needs them as sent. */
const validator: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  if (!(schema instanceof z.ZodObject)) return () => true;
  if (httpPart === 'querystring') return queryValidator(schema);
  if (httpPart !== 'params') return (value: unknown) => ({ value });
  return (value: unknown) => {
    const result = schema.safeParse(value);
    // An id that no entry can have is the id of none.
    return result.success
      ? { value: result.data }
      : { error: new Problem('not-found', 'there is nothing at this address: check the id') };
  };
};
