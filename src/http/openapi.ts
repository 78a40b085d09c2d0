import type { SwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

const DESCRIPTION = `A calendar of diplomatic meetings: claims with their sources.

Every list is \`{"items", "next"}\`; \`next\` is the relative address of the next page or null. Unknown parameters and fields are refused. Errors are problems (RFC 9457) whose \`type\` is a page that explains them.

Writes take \`Idempotency-Key\` (1 to 200 characters: a retry of the identical request is safe) and \`If-Match\` (the ETag of the entry as it was read), and answer with \`ETag\` and \`Chancery-Event\`, which any read takes as \`seen\`.`;

/** How the OpenAPI 3.1 document is made. */
export const openapiOptions = (version: string, publicUrl: string | undefined): SwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: { title: 'Chancery', version, description: DESCRIPTION },
    servers: [{ url: publicUrl ?? '/' }],
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  },
  transform: jsonSchemaTransform,
  transformObject: jsonSchemaTransformObject,
});
