import type { FastifyInstance } from 'fastify';
import type { Edge } from '../edge.ts';
import {
  announcementFiltersOf,
  announcementListQuery,
  entryParams,
  pageQuery,
  seenQuery,
} from '../parameters.ts';
import { addRead } from '../read.ts';
import { announcement, change, listOf } from '../resources.ts';
import { notFound, pageAnswer, pageOf } from './meetings.ts';

/** GET /announcements and what hangs below it. */
export function announcementRoutes(app: FastifyInstance, edge: Edge): void {
  addList(app, edge);
  addRead(app, edge, {
    url: '/announcements/:id',
    summary: 'One announcement, each claim with its agreement',
    tag: 'Announcements',
    query: seenQuery,
    params: entryParams,
    response: announcement,
    answer: ({ queries, reader, params }) => {
      const found =
        queries.getAnnouncement(reader, params.id) ?? notFound('announcement', params.id);
      return { body: found, revision: found.revision };
    },
  });
  addRead(app, edge, {
    url: '/announcements/:id/history',
    summary: 'What happened to an announcement, in order',
    tag: 'Announcements',
    query: pageQuery,
    params: entryParams,
    response: listOf(change),
    answer: ({ queries, reader, params, query, target }) =>
      pageAnswer(
        queries.announcementHistory(reader, params.id, pageOf(query)) ??
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
      const nowMs = query.now === undefined ? present : Date.parse(query.now);
      const page = queries.listAnnouncements({
        reader,
        nowMs,
        filters: announcementFiltersOf(query),
        ...(query.sort === undefined ? {} : { sort: query.sort }),
        ...pageOf(query),
      });
      return pageAnswer(page, target, nowMs);
    },
  });
}
