import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newEvent } from '../../events/envelope.ts';
import { registry, upcast } from '../../events/registry.ts';

/** One file a type and schema version, never changed once released: logs in the world hold such events. */
const folder = new URL('./golden/', import.meta.url);
const read = (file: string) =>
  newEvent.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
const files = readdirSync(folder);

// Optional fields of first-level data that a golden event may leave out.
const fieldsOf = (type: string): string[] => {
  const schema = registry.get(type)?.schema as unknown as { shape: Record<string, unknown> };
  return Object.keys(schema.shape).toSorted();
};

describe('golden events', () => {
  it('exist for every type and version', () => {
    const expected = [...registry].flatMap(([type, { version }]) =>
      Array.from({ length: version }, (_, index) => `${type}.v${index + 1}.json`),
    );
    expect(files.toSorted()).toEqual(expected.toSorted());
  });

  it.each(files)('%s is read as it was written', (file) => {
    const event = read(file);
    const current = upcast(event);
    const schema = registry.get(event.type)?.schema;
    expect(`${event.type}.v${event.meta.schema}.json`).toBe(file);
    expect(schema?.parse(current?.data)).toStrictEqual(current?.data);
  });

  it.each([...registry.keys()])('%s shows every field', (type) => {
    const version = registry.get(type)?.version;
    expect(Object.keys(read(`${type}.v${version}.json`).data).toSorted()).toEqual(fieldsOf(type));
  });

  it.each([...registry.keys()])('%s refuses a field it does not have', (type) => {
    const { data } = read(`${type}.v${registry.get(type)?.version}.json`);
    expect(registry.get(type)?.schema.safeParse({ ...data, titel: 'x' }).success).toBe(false);
  });
});
