// A view of one's own, from the log alone: how often each meeting's date has moved, and by whose word.
//   npm run -s chancery -- export | node examples/replay.mjs
//   curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/events | node examples/replay.mjs
import { createInterface } from 'node:readline';

const MOVES = new Set(['MeetingRescheduled', 'MeetingPostponed']);
const meetings = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const { stream, type, data, meta } = JSON.parse(line);
  if (!stream.startsWith('meeting-')) continue; // announcements, tokens, and kinds of later versions
  const meeting = meetings.get(stream) ?? { meeting: stream.slice(8), title: '', moves: 0, sources: [] };
  meetings.set(stream, meeting);
  meeting.title = data.title ?? meeting.title;
  if (!MOVES.has(type)) continue;
  meeting.moves += 1;
  meeting.sources.push(...(meta.basedOn ?? []));
}

for (const meeting of [...meetings.values()].sort((a, b) => b.moves - a.moves)) {
  console.log(`${meeting.moves} ${meeting.meeting}: ${meeting.title} ${meeting.sources.join(', ')}`.trim());
}
