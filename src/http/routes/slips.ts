import type { FastifyInstance } from 'fastify';
import type { Edge } from '../edge.ts';
import { slipFiltersOf, slipsQuery } from '../parameters.ts';
import { addRead } from '../read.ts';
import { listOf, slips } from '../resources.ts';
import { pageAnswer, pageOf } from './meetings.ts';

/** GET /slips: which meetings, or tracks, moved, how far and how often. */
export function slipRoutes(app: FastifyInstance, edge: Edge): void {
  addRead(app, edge, {
    url: '/slips',
    summary: 'Meetings, or tracks, by how far or how often their dates moved',
    tag: 'Meetings',
    query: slipsQuery,
    response: listOf(slips),
    answer: ({ queries, reader, query, target }) => {
      const request = {
        reader,
        filters: slipFiltersOf(query),
        ...(query.sort === undefined ? {} : { sort: query.sort }),
        ...pageOf(query),
      };
      const page =
        query.by === 'track' ? queries.trackSlips(request) : queries.meetingSlips(request);
      return pageAnswer(page, target);
    },
  });
}
