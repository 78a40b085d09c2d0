import type { FastifyInstance } from 'fastify';
import type { Edge } from '../edge.ts';
import {
  announcementFiltersOf,
  announcementListQuery,
  entryParams,
  entryQuery,
  historyQuery,
} from '../parameters.ts';
import { addRead } from '../read.ts';
import { announcement, change, listOf } from '../resources.ts';
import { isPast, nowOf, pastOf, pastOfList } from '../time-travel.ts';
import { notFound, pageAnswer, pageOf } from './meetings.ts';

/** GET /announcements and what hangs below it. */
export function announcementRoutes(app: FastifyInstance, edge: Edge): void {
  addList(app, edge);
  addRead(app, edge, {
    url: '/announcements/:id',
    summary: 'One announcement, each claim with its agreement',
    tag: 'Announcements',
    query: entryQuery,
    params: entryParams,
    response: announcement,
    answer: ({ queries, reader, params, query }) => {
      const found =
        queries.getAnnouncement(reader, params.id, pastOf(query)) ??
        notFound('announcement', params.id);
      return { body: found, revision: isPast(query) ? undefined : found.revision };
    },
  });
  addRead(app, edge, {
    url: '/announcements/:id/history',
    summary: 'What happened to an announcement, in order',
    tag: 'Announcements',
    query: historyQuery,
    params: entryParams,
    response: listOf(change),
    answer: ({ queries, reader, params, query, target }) =>
      pageAnswer(
        queries.announcementHistory(reader, params.id, pageOf(query), pastOf(query)) ??
          notFound('announcement', params.id),
        target,
      ),
  });
}

function addList(app: FastifyInstance, edge: Edge): void {
  addRead(app, edge, {
    url: '/announcements',
    summary: 'Reports, statements and other announcements',
    tag: 'Announcements',
    query: announcementListQuery,
    response: listOf(announcement),
    answer: ({ queries, reader, query, target, nowMs: present }) => {
      const nowMs = nowOf(query, present);
      const page = queries.listAnnouncements({
        reader,
        nowMs,
        filters: announcementFiltersOf(query),
        past: pastOfList(query),
        ...(query.sort === undefined ? {} : { sort: query.sort }),
        ...pageOf(query),
      });
      return pageAnswer(page, target, nowMs);
    },
  });
}
