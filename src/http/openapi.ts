import type { SwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { completeDocument } from './openapi-operations.ts';
import { plainDocument } from './openapi-schemas.ts';

const DESCRIPTION = `A calendar of diplomatic meetings: claims with their sources.

Every list is \`{"items", "next"}\`; \`next\` is the address of the next page after that of this server, or null; so are \`links\`. Unknown parameters and fields are refused. Titles, names and other texts of one line take no control characters and are not blank. Errors are problems (RFC 9457) whose \`type\` is a page that explains them.

Writes take \`Idempotency-Key\` (1 to 200 characters: a retry of the identical request is safe) and \`If-Match\` (the ETag of the entry as it was read), and answer with \`ETag\` and \`Chancery-Event\`, which any read takes as \`seen\`.`;

/** How the OpenAPI 3.1 document is made. */
export const openapiOptions = (version: string, publicUrl: string | undefined): SwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      ...{ title: 'Chancery', version, description: DESCRIPTION },
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    components: {
      securitySchemes: {
        token: {
          ...{ type: 'http', scheme: 'bearer' },
          description:
            'Of role reader, editor or admin, with a ceiling: the highest classification that it shows. Writing takes an editor; tokens and operation an admin.',
        },
      },
    },
  },
  transform: jsonSchemaTransform,
  transformObject: (document) =>
    completeDocument(plainDocument(jsonSchemaTransformObject(document))),
});
