import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';

export interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly schema: JsonSchema;
}

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

interface Response {
  readonly content?: Record<string, { schema: JsonSchema }>;
  readonly headers?: Readonly<Record<string, object>>;
}

interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { required?: boolean; content: Record<string, { schema: JsonSchema }> };
  readonly responses: Record<string, Response>;
  readonly security?: readonly object[];
  readonly summary?: string;
  readonly tags?: readonly string[];
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, object> };
}

/** One method of one path of the document. */
export interface Route {
  readonly method: string;
  /** `/meetings/{id}` */
  readonly path: string;
  readonly operation: Operation;
}

export const routesOf = (document: OpenApi): Route[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );

interface Answer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly headers: Headers;
  readonly body: string;
}

/** Of what clients act by: each is in the document wherever it is sent. */
const ACTED_BY = [
  ...['etag', 'link', 'location', 'chancery-event'],
  ...['retry-after', 'www-authenticate', 'allow'],
];

const PROBLEM = { $ref: '#/components/schemas/Problem' };

const essence = (type = ''): string => type.split(';')[0]?.trim() ?? '';

function patternOf(template: string): RegExp {
  const pattern = template
    .split(/(\{\w+\})/)
    .map((part) => (part.startsWith('{') ? '[^/]+' : part.replaceAll('.', '\\.')))
    .join('');
  return new RegExp(`^${pattern}$`);
}

/** Checks real answers against the OpenAPI document: path, method, status, content type, and body. */
export class ContractChecker {
  readonly document: OpenApi;
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<object, ValidateFunction>();
  /** Each with the paths that it stands for, the longest first. */
  readonly #templates: readonly (readonly [string, RegExp])[];

  constructor(document: OpenApi) {
    this.document = document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema({ $id: 'api', components: document.components });
    this.#templates = Object.keys(document.paths)
      .sort((a, b) => b.length - a.length)
      .map((template) => [template, patternOf(template)] as const);
  }

  /** The template of a path: `/meetings/x` → `/meetings/{id}`; literal segments go before parameters. */
  template(path: string): string | undefined {
    if (this.document.paths[path] !== undefined) return path;
    return this.#templates.find(([, pattern]) => pattern.test(path))?.[0];
  }

  check(answer: Answer): void {
    if (answer.contentType === 'application/problem+json') {
      this.#matches(PROBLEM, answer.body, 'problem');
      const { responses } = this.document.paths['/meetings']?.get ?? { responses: {} };
      this.#checkHeaders(responses.default, answer.headers, 'a problem');
    } else this.#checkListed(answer);
  }

  #checkHeaders(response: Response | undefined, headers: Headers, what: string): void {
    const listed = Object.keys(response?.headers ?? {}).map((name) => name.toLowerCase());
    const sent = ACTED_BY.filter((name) => headers.has(name));
    expect(listed, `headers of ${what}`).toEqual(expect.arrayContaining(sent));
    // One that is named is the only way to ask again.
    if (listed.includes('etag')) expect(headers.has('etag'), `ETag of ${what}`).toBe(true);
  }

  #checkListed({ method, path, status, contentType, headers, body }: Answer): void {
    const template = this.template(path);
    expect(template, `${path} is in the document`).toBeDefined();
    const what = `${method} ${template} → ${status}`;
    const response = this.document.paths[template ?? '']?.[method.toLowerCase()]?.responses[status];
    expect(response, `${what} is in the document`).toBeDefined();
    this.#checkHeaders(response, headers, what);
    const content = response?.content;
    if (content === undefined) expect(body, `${what} has no body`).toBe('');
    else this.#checkContent(content, contentType, body, what);
  }

  #checkContent(
    content: Record<string, { schema: JsonSchema }>,
    contentType: string | undefined,
    body: string,
    what: string,
  ): void {
    const [, listed] =
      Object.entries(content).find(([type]) => essence(type) === essence(contentType)) ?? [];
    expect(listed, `${contentType} of ${what} is in the document`).toBeDefined();
    if (essence(contentType) === 'application/json') {
      this.#matches(listed?.schema ?? {}, body, what);
    }
  }

  #matches(schema: object, body: string, what: string): void {
    const validate = this.#compiled.get(schema) ?? this.#ajv.compile(this.#rooted(schema));
    this.#compiled.set(schema, validate);
    expect(validate(JSON.parse(body)), `${what}: ${JSON.stringify(validate.errors)}`).toBe(true);
  }

  #rooted(schema: object): object {
    return JSON.parse(
      JSON.stringify(schema).replaceAll('"#/components/schemas/', '"api#/components/schemas/'),
    );
  }
}
