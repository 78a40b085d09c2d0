import { forbidden } from './auth.ts';
import type { Limits } from './deps.ts';
import type { ProblemCode } from './problem.ts';
import { invalid, isProblemCode, Problem } from './problem.ts';
import { refused } from './query.ts';

/** The one place that turns an error, whoever threw it, into a problem. */

interface Known {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly path?: unknown;
  readonly errors?: unknown;
  readonly rule?: unknown;
  readonly expected?: unknown;
  readonly actual?: unknown;
  readonly outcome?: unknown;
}

/** What to answer. `internal` for whatever is not known here: its message stays inside. */
export function problemOf(error: unknown, limits: Limits): Problem {
  return withRetry(error instanceof Problem ? error : translated(error, limits), limits);
}

function translated(error: unknown, limits: Limits): Problem {
  if (!(error instanceof Error)) return internal();
  return named(error) ?? coded(error) ?? framework(error, limits) ?? internal();
}

const internal = (): Problem =>
  new Problem('internal', 'Something failed here that should not. It has been logged.');

function withRetry(problem: Problem, { retryAfterSeconds }: Limits): Problem {
  if (problem.status !== 503 || problem.headers['retry-after'] !== undefined) return problem;
  return new Problem(problem.code, problem.message, problem.members, {
    ...problem.headers,
    'retry-after': String(retryAfterSeconds),
  });
}

/** Errors of the ports, which know nothing of HTTP. */
function named(error: Error & Known): Problem | undefined {
  switch (error.name) {
    case 'InvalidFilter':
      return invalid(String(error.path ?? ''), error.message);
    case 'UnknownCursor':
      return new Problem('gone', 'this page cannot be continued: start again without `cursor`');
    case 'StoreUnavailable':
      return new Problem('store-unavailable', unavailable(error));
    case 'StoreContended':
      return new Problem('overloaded', error.message);
    case 'StoreFenced':
      return new Problem(
        'store-unavailable',
        'the event store takes no more events, since it was copied to another one, and nothing was written: ask the operator where writes go now',
      );
    case 'StoreInvalid':
      return new Problem(
        'store-unavailable',
        'the event store cannot be used as it is, and nothing was written: its operator has to look, whose log says why',
      );
    case 'RevisionConflict':
      return conflictOf(error, 'it has changed since you read it: read it again');
    case 'InvalidEvent':
      return new Problem(
        'body-too-large',
        'what is to be recorded is larger than one event may be: shorten it, or send it in several steps',
      );
    case 'FeedsUnavailable':
      return new Problem('overloaded', error.message);
    case 'ViewBehind':
      return new Problem('view-behind', 'the views are being built: try again');
    default:
      return undefined;
  }
}

/**
 * Whether it may have been written decides what to do next. Why is the operator's to know: their log has it, and the
 * message may name files.
 */
const unavailable = ({ outcome }: Known): string =>
  outcome === 'unknown'
    ? 'the event store did not say whether this was written: send it again with the same Idempotency-Key, or look'
    : 'the event store does not answer, and nothing was written: try again';

/** What came of an If-Match that did not hold. */
export const conflictOf = (
  { expected, actual }: { readonly expected?: unknown; readonly actual?: unknown },
  detail: string,
): Problem =>
  new Problem('revision-conflict', detail, {
    expected: revisionOf(expected),
    actual: revisionOf(actual),
  });

/** Revisions count from 0; whatever else was expected is not a revision. */
const revisionOf = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 ? value : null;

/** Errors that carry a code of the HTTP contract. */
function coded(error: Error & Known): Problem | undefined {
  if (!isProblemCode(error.code) || error.code === 'internal') return undefined;
  if (error.code === 'forbidden') return forbidden(error.message);
  if (Array.isArray(error.errors)) return refused(error.errors);
  const members = typeof error.rule === 'string' ? { rule: error.rule } : {};
  return new Problem(error.code, error.message, members);
}

type Answer = readonly [ProblemCode, string];

const WRONG_TYPE: Answer = ['unsupported-media-type', 'send Content-Type: application/json'];

const FRAMEWORK: Readonly<Record<string, Answer>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: WRONG_TYPE,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'validation-failed',
    'Content-Length is not the length of the body',
  ],
  FST_ERR_BAD_URL: ['validation-failed', 'the path is not percent-encoded UTF-8 (RFC 3986 §2.1)'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'no id is that long'],
  ECONNRESET: ['validation-failed', 'the body ended before its time'],
};

/** By status, for what is not in the table. */
const BY_STATUS: Readonly<Record<number, Answer>> = {
  404: ['not-found', 'there is nothing at this address: /docs lists what there is'],
  415: WRONG_TYPE,
};

/** Errors of the framework below us, which are the request's fault. */
function framework({ code, statusCode }: Error & Known, limits: Limits): Problem | undefined {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new Problem('body-too-large', `send at most ${limits.bodyBytes} bytes at once`);
  }
  const known = FRAMEWORK[String(code)] ?? BY_STATUS[Number(statusCode)];
  if (known !== undefined) return new Problem(...known);
  const requests = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return requests
    ? new Problem('validation-failed', 'the request cannot be understood')
    : undefined;
}
