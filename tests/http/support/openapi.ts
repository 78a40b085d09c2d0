import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';

interface Operation {
  readonly parameters?: readonly { in: string; name: string; schema: unknown }[];
  readonly requestBody?: { content: Record<string, { schema: object }> };
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, object> };
}

/** Checks real answers against the OpenAPI document: path, method, status, content type, and body. */
export class ContractChecker {
  readonly document: OpenApi;
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<object, ValidateFunction>();

  constructor(document: OpenApi) {
    this.document = document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema({ $id: 'api', components: document.components });
  }

  /** The template of a path: `/meetings/x` → `/meetings/{id}`; literal segments go before parameters. */
  template(path: string): string | undefined {
    if (this.document.paths[path] !== undefined) return path;
    return Object.keys(this.document.paths)
      .sort((a, b) => b.length - a.length)
      .find((template) => {
        const pattern = template
          .split(/(\{\w+\})/)
          .map((part) => (part.startsWith('{') ? '[^/]+' : part.replaceAll('.', '\\.')))
          .join('');
        return new RegExp(`^${pattern}$`).test(path);
      });
  }

  check(answer: {
    method: string;
    path: string;
    status: number;
    contentType: string | undefined;
    body: string;
  }): void {
    const { method, status, contentType, body } = answer;
    if (contentType === 'application/problem+json') {
      this.#matches({ $ref: '#/components/schemas/Problem' }, JSON.parse(body), 'problem');
      return;
    }
    const template = this.template(answer.path);
    expect(template, `${answer.path} is in the document`).toBeDefined();
    const operation = this.document.paths[template ?? '']?.[method.toLowerCase()];
    expect(operation, `${method} ${template} is in the document`).toBeDefined();
    const response = operation?.responses[status];
    expect(response, `${method} ${template} → ${status} is in the document`).toBeDefined();
    if (status === 202) return expect(body).toBe('');
    const content = response?.content ?? {};
    const essence = (type: string) => type.split(';')[0]?.trim();
    const listed = Object.keys(content).find(
      (type) => essence(type) === essence(contentType ?? ''),
    );
    expect(listed, `${contentType} of ${method} ${template} is in the document`).toBeDefined();
    if (essence(contentType ?? '') !== 'application/json') return;
    this.#matches(content[listed ?? '']?.schema ?? {}, JSON.parse(body), `${method} ${template}`);
  }

  #matches(schema: object, value: unknown, what: string): void {
    const validate = this.#compiled.get(schema) ?? this.#ajv.compile(this.#rooted(schema));
    this.#compiled.set(schema, validate);
    expect(validate(value), `${what}: ${JSON.stringify(validate.errors)}`).toBe(true);
  }

  #rooted(schema: object): object {
    return JSON.parse(
      JSON.stringify(schema).replaceAll('"#/components/schemas/', '"api#/components/schemas/'),
    );
  }
}
