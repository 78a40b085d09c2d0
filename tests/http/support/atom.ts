import { SaxesParser } from 'saxes';
import { expect } from 'vitest';

/** Reads Atom with a parser that refuses what is not well-formed, and checks what RFC 4287 asks for. */

const ATOM = 'http://www.w3.org/2005/Atom';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly updated: string;
  readonly content: string;
  readonly category: string;
  readonly alternate: string;
  readonly via: readonly Readonly<Record<string, string>>[];
}

export interface Feed {
  readonly id: string;
  readonly updated: string;
  readonly author: string;
  readonly self: string;
  readonly entries: readonly Entry[];
}

function parse(text: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ uri, local, attributes }) => {
    expect(uri, local).toBe(ATOM);
    const given = Object.entries(attributes).map(([name, { value }]) => [name, value]);
    const element = {
      name: local,
      attributes: Object.fromEntries(given),
      children: [],
      text: '',
    };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (more) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += more;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(text).close();
  return root.children[0] ?? root;
}

const all = (element: Element, name: string) => element.children.filter((c) => c.name === name);

/** The one child of that name. */
function one(element: Element, name: string): Element {
  const [found, ...others] = all(element, name);
  expect(others, `a second ${name}`).toEqual([]);
  if (found === undefined) throw new Error(`${element.name} has no ${name}`);
  return found;
}

function linksOf(element: Element, rel: string): Readonly<Record<string, string>>[] {
  return all(element, 'link')
    .map(({ attributes }) => attributes)
    .filter((link) => link.rel === rel);
}

/** RFC 3339, as RFC 4287 §3.3 has it: capital T and Z. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;
const UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What RFC 4287 §4.1.1 and §4.1.2 ask of a feed and of an entry alike. */
function common(element: Element): { id: string; title: string; updated: string } {
  const [id, title, updated] = ['id', 'title', 'updated'].map((name) => one(element, name).text);
  expect(id).toMatch(UUID);
  expect(title).toMatch(/\S/);
  expect(updated).toMatch(INSTANT);
  return { id: id ?? '', title: title ?? '', updated: updated ?? '' };
}

function readEntry(element: Element): Entry {
  // Without a type, title and content are plain text (§3.1.1), so they hold no elements.
  expect(one(element, 'content').children).toEqual([]);
  const alternates = linksOf(element, 'alternate');
  expect(alternates).toHaveLength(1);
  return {
    ...common(element),
    content: one(element, 'content').text,
    category: one(element, 'category').attributes.term ?? '',
    alternate: alternates[0]?.href ?? '',
    via: linksOf(element, 'via'),
  };
}

const FEED = new Set(['id', 'title', 'updated', 'author', 'link', 'entry']);

/** The feed; fails where it is not well-formed, or not as the RFC wants it. */
export function readAtom(text: string): Feed {
  const feed = parse(text);
  expect(feed.name).toBe('feed');
  for (const { name } of feed.children) expect(FEED).toContain(name);
  const entries = all(feed, 'entry').map(readEntry);
  // §4.1.1: entries that share an id would be one entry.
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  const self = linksOf(feed, 'self');
  expect(self).toHaveLength(1);
  return {
    ...common(feed),
    author: one(one(feed, 'author'), 'name').text,
    self: self[0]?.href ?? '',
    entries,
  };
}
