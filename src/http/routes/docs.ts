import helmet from '@fastify/helmet';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Edge } from '../edge.ts';
import { noQuery } from '../parameters.ts';
import { problemContent, representationOf } from '../read.ts';
import { type Representation, sendRepresentation } from '../reply.ts';

/** GET /openapi.json: generated from the schemas that validate. */
export function openapiRoute(app: FastifyInstance): void {
  let document: Representation | undefined;
  app.route({
    method: 'GET',
    url: '/openapi.json',
    schema: {
      summary: 'This document',
      tags: ['Pages'],
      querystring: noQuery,
      response: { 200: z.record(z.string(), z.unknown()), default: problemContent },
    },
    handler: (request, reply) => {
      document ??= representationOf({ body: app.swagger() }, false, false);
      return sendRepresentation(request, reply, document);
    },
  });
}

/** GET /docs: the document rendered, from files served here. */
export async function docsRoutes(app: FastifyInstance, edge: Edge): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // The page of the documentation sets styles on elements; it runs no script but its own files.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    hsts: edge.deps.publicUrl?.startsWith('https:') ?? false,
    referrerPolicy: { policy: 'no-referrer' },
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    const isPage = `${reply.getHeader('content-type')}`.startsWith('text/html');
    done(null, isPage && typeof payload === 'string' ? readable(payload) : payload);
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: edge.at(''),
    uiConfig: { docExpansion: 'list', deepLinking: true, validatorUrl: null },
    theme: { title: 'Chancery API' },
  });
}

/** The page as it comes is laid out for wide screens only, and empty where scripts do not run. */
const readable = (page: string): string =>
  page
    .replace(
      '<head>',
      '<head>\n<meta name="viewport" content="width=device-width, initial-scale=1">',
    )
    .replace(
      '<body>',
      '<body>\n<noscript>This page needs scripts. What it shows is in openapi.json, beside it.</noscript>',
    );
